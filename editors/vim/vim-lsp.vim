" vmemmlint for vim-lsp: source it from vimrc. vim-lsp runs every allowed server, so clangd stays.
" Options: let g:vmemmlint_options = {'arch': ['powerpc'], 'rules': ['unselected'], 'kconfig': {'lints': v:true}}
function! s:register() abort
    let l:options = get(g:, 'vmemmlint_options', {})

    call lsp#register_server({
    \   'name': 'vmemmlint',
    \   'cmd': {info -> empty(vmemmlint#Root(bufnr('%'))) ? [] : ['vmemmlint', 'lsp']},
    \   'root_uri': {info -> lsp#utils#path_to_uri(vmemmlint#Root(bufnr('%')))},
    \   'allowlist': ['kconfig', 'make', 'c', 'cpp'],
    \   'languageId': {info -> &filetype},
    \   'initialization_options': l:options,
    \   'workspace_config': {'vmemmlint': l:options},
    \})
endfunction

if executable('vmemmlint')
    autocmd User lsp_setup call s:register()
endif
