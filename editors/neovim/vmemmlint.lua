-- vmemmlint for Neovim 0.11 and later. Copy to ~/.config/nvim/plugin/vmemmlint.lua.
-- Options go before it, for example in init.lua:
--   vim.g.vmemmlint = { arch = { "powerpc" }, rules = { "unselected" }, kconfig = { lints = true } }
-- It runs beside clangd: both servers attach to C files, and each has its own diagnostics.

-- The nearest directory above that has Kconfig, Makefile and arch/.
local function kernel_root(path)
  for dir in vim.fs.parents(path) do
    local function is(name, kind)
      local s = vim.uv.fs_stat(dir .. "/" .. name)
      return s and s.type == kind
    end
    if is("Kconfig", "file") and is("Makefile", "file") and is("arch", "directory") then
      return dir
    end
  end
end

-- Makefile.lib and its like have an extension that Neovim takes for another language.
local function make(path)
  if not path:find("%.PL$") and not path:find("%.am$") and kernel_root(path) then
    return "make"
  end
end

vim.filetype.add({
  pattern = {
    ["Kconfig[%-%.].*"] = "kconfig",
    ["Kbuild"] = "make",
    ["Kbuild[%-%.].*"] = "make",
    ["Makefile[%-_%.].*"] = make,
    [".*/arch/mips/.*/Platform"] = "make",
  },
})

local options = vim.g.vmemmlint or vim.empty_dict()
vim.lsp.config("vmemmlint", {
  cmd = { "vmemmlint", "lsp" },
  filetypes = { "kconfig", "make", "c", "cpp" },
  root_dir = function(bufnr, on_dir)
    local root = kernel_root(vim.api.nvim_buf_get_name(bufnr))
    if root then
      on_dir(root) -- outside a kernel tree the server is not started
    end
  end,
  init_options = options,
  settings = { vmemmlint = options },
})
vim.lsp.enable("vmemmlint")
