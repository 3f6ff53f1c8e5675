-- Opens a file, changes a line, waits for what is expected, takes the change back, and waits until that is gone.
local file, expected = vim.env.TRY_FILE, vim.env.TRY_EXPECTED
local folder = vim.env.TRY_EDITORS .. "/neovim/"
vim.o.swapfile = false
vim.cmd("filetype on")
local is_new = vim.fn.has("nvim-0.11") == 1
vim.cmd("luafile " .. vim.fn.fnameescape(folder .. (is_new and "vmemmlint.lua" or "vmemmlint-old.lua")))
vim.cmd("edit " .. vim.fn.fnameescape(file))

local function say(words)
  io.stdout:write(words .. "\n")
end

local function fail(words)
  say(words)
  vim.cmd("cquit 1")
end

local function found()
  for _, one in ipairs(vim.diagnostic.get(0)) do
    if one.source == "vmemmlint" and one.message:find(expected, 1, true) then
      return one
    end
  end
end

-- How many seconds it takes.
local function wait(test)
  local begun = vim.loop.hrtime()
  if vim.wait(120000, test, 5) then
    return (vim.loop.hrtime() - begun) / 1e9
  end
end

local function clients()
  return vim.lsp.get_clients and vim.lsp.get_clients() or vim.lsp.get_active_clients()
end

local function is_ready()
  local client = clients()[1]
  return client and client.initialized ~= false and client.server_capabilities ~= nil
end

if not wait(is_ready) then
  fail("no server")
end
vim.lsp.buf_request_sync(0, "vmemmlint/settle", vim.NIL, 120000)
vim.wait(500, function() return false end)
if found() then
  fail("told before the change: " .. found().message)
end
local number = vim.fn.search("\\V" .. vim.fn.escape(vim.env.TRY_LINE, "\\"), "w")
if number == 0 then
  fail("no such line: " .. vim.env.TRY_LINE)
end
local changed = vim.env.TRY_BECOMES ~= "" and { vim.env.TRY_BECOMES } or {}
vim.api.nvim_buf_set_lines(0, number - 1, number, false, changed)
local appeared = wait(found)
if not appeared then
  fail("not told after the change")
end
say(string.format("told after %.2f s: %s", appeared, found().message:match("[^\n]*")))
vim.cmd("silent undo")
local gone = wait(function() return not found() end)
if not gone then
  fail("still told after the undo")
end
say(string.format("gone after %.2f s", gone))
vim.cmd("qall!")
