" What the vmemmlint linters of ALE share.
" Options, in vimrc:
"   let g:ale_vmemmlint_options = {'arch': ['powerpc'], 'rules': ['unselected'], 'kconfig': {'lints': v:true}}
"   let g:ale_vmemmlint_executable = 'vmemmlint'

" The nearest directory above that has Kconfig, Makefile and arch/; empty outside a kernel tree, where ALE starts nothing.
function! vmemmlint#Root(buffer) abort
    let l:dir = fnamemodify(bufname(a:buffer), ':p:h')

    while 1
        if filereadable(l:dir . '/Kconfig') && filereadable(l:dir . '/Makefile') && isdirectory(l:dir . '/arch')
            return l:dir
        endif

        let l:up = fnamemodify(l:dir, ':h')

        if l:up is# l:dir
            return ''
        endif

        let l:dir = l:up
    endwhile
endfunction

function! vmemmlint#Define(filetype) abort
    call ale#linter#Define(a:filetype, {
    \   'name': 'vmemmlint',
    \   'lsp': 'stdio',
    \   'executable': {b -> ale#Var(b, 'vmemmlint_executable')},
    \   'command': '%e lsp',
    \   'language': a:filetype,
    \   'project_root': function('vmemmlint#Root'),
    \   'initialization_options': {b -> ale#Var(b, 'vmemmlint_options')},
    \   'lsp_config': {b -> empty(ale#Var(b, 'vmemmlint_options')) ? {} : {'vmemmlint': ale#Var(b, 'vmemmlint_options')}},
    \})
endfunction
