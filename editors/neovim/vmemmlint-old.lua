-- vmemmlint for Neovim 0.7 to 0.10. Copy to ~/.config/nvim/plugin/vmemmlint.lua.
-- Options go before it, for example in init.lua:
--   vim.g.vmemmlint = { arch = { "powerpc" }, rules = { "unselected" }, kconfig = { lints = true } }
-- It runs beside clangd: both servers attach to C files, and each has its own diagnostics.

-- The nearest directory above that has Kconfig, Makefile and arch/.
local function kernel_root(path)
  local dir = vim.fn.fnamemodify(path, ":p:h")
  while true do
    if
      vim.fn.filereadable(dir .. "/Kconfig") == 1
      and vim.fn.filereadable(dir .. "/Makefile") == 1
      and vim.fn.isdirectory(dir .. "/arch") == 1
    then
      return dir
    end
    local up = vim.fn.fnamemodify(dir, ":h")
    if up == dir then
      return nil
    end
    dir = up
  end
end

local clients = {} -- root -> client id, for Neovim 0.7

local function attach(bufnr)
  local name = vim.api.nvim_buf_get_name(bufnr)
  if name == "" or vim.bo[bufnr].buftype ~= "" or vim.fn.executable("vmemmlint") == 0 then
    return
  end
  local root = kernel_root(name)
  if not root then
    return -- outside a kernel tree the server is not started
  end
  local options = vim.g.vmemmlint or vim.empty_dict()
  local config = {
    name = "vmemmlint",
    cmd = { "vmemmlint", "lsp" },
    root_dir = root,
    init_options = options,
    settings = { vmemmlint = options },
  }
  if vim.lsp.start then -- 0.8 and later: one client for each root
    vim.lsp.start(config, { bufnr = bufnr })
    return
  end
  local id = clients[root]
  if not id then
    config.workspace_folders = { { uri = vim.uri_from_fname(root), name = root } }
    config.on_exit = function()
      clients[root] = nil
    end
    id = vim.lsp.start_client(config)
    clients[root] = id
  end
  if id then
    vim.lsp.buf_attach_client(bufnr, id)
  end
end

local group = vim.api.nvim_create_augroup("vmemmlint", {})
local function detect(pattern, filetype)
  vim.api.nvim_create_autocmd({ "BufRead", "BufNewFile" }, {
    group = group,
    pattern = pattern,
    callback = function(event)
      -- Also over another type: Neovim takes Makefile.lib and its like for other languages.
      if not event.match:find("%.PL$") and not event.match:find("%.am$") and kernel_root(event.match) then
        vim.bo[event.buf].filetype = filetype
      end
    end,
  })
end
detect({ "Kconfig", "Kconfig-*", "Kconfig.*" }, "kconfig")
detect({ "Kbuild", "Kbuild.*", "Makefile.*", "Makefile-*", "Makefile_*", "*/arch/mips/*/Platform" }, "make")

vim.api.nvim_create_autocmd("FileType", {
  group = group,
  pattern = { "kconfig", "make", "c", "cpp" },
  callback = function(event)
    attach(event.buf)
  end,
})
