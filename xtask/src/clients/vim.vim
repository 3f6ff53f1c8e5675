" Opens a file, changes a line, waits for what is expected, takes the change back, and waits until that is gone.
set nocompatible noswapfile noloadplugins shortmess+=F
let &runtimepath = $TRY_EDITORS . '/vim,/usr/share/vim-ale,' . &runtimepath
let g:ale_linters_explicit = 1
let g:ale_linters = {'kconfig': ['vmemmlint'], 'make': ['vmemmlint'], 'c': ['vmemmlint']}
let g:ale_lint_delay = 10
filetype plugin on
runtime plugin/ale.vim

function! s:Say(words) abort
  call writefile([a:words], $TRY_OUT, 'a')
endfunction

function! s:Fail(words) abort
  call s:Say(a:words)
  cquit 1
endfunction

function! s:Found() abort
  for l:one in ale#engine#GetLoclist(bufnr(''))
    if l:one.linter_name is# 'vmemmlint' && stridx(l:one.text, $TRY_EXPECTED) >= 0
      return l:one.text
    endif
  endfor
  return ''
endfunction

" How many seconds it takes; -1 where that is too many.
function! s:Wait(test) abort
  let l:begun = reltime()
  while !a:test()
    if reltimefloat(reltime(l:begun)) > 120.0
      return -1.0
    endif
    sleep 5m
  endwhile
  return reltimefloat(reltime(l:begun))
endfunction

function! s:Try() abort
  execute 'edit' fnameescape($TRY_FILE)
  " The first answer has come once something is told, or never.
  let l:begun = reltime()
  while reltimefloat(reltime(l:begun)) < 15.0
    sleep 50m
  endwhile
  if s:Found() isnot# ''
    call s:Fail('told before the change: ' . s:Found())
  endif
  let l:number = search('\V' . escape($TRY_LINE, '\'), 'w')
  if l:number == 0
    call s:Fail('no such line: ' . $TRY_LINE)
  endif
  if $TRY_BECOMES is# ''
    execute l:number . 'delete _'
  else
    call setline(l:number, $TRY_BECOMES)
  endif
  doautocmd TextChanged
  let l:appeared = s:Wait({-> s:Found() isnot# ''})
  if l:appeared < 0
    call s:Fail('not told after the change')
  endif
  call s:Say(printf('told after %.2f s: %s', l:appeared, split(s:Found(), "\n")[0]))
  silent undo
  doautocmd TextChanged
  let l:gone = s:Wait({-> s:Found() is# ''})
  if l:gone < 0
    call s:Fail('still told after the undo')
  endif
  call s:Say(printf('gone after %.2f s', l:gone))
  qall!
endfunction

autocmd VimEnter * ++nested call s:Try()
