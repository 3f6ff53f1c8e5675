" Files of a kernel tree that Vim does not know, or takes for others: Makefile.lib has the extension of COBOL.
function! s:Detect(filetype) abort
    if expand('<afile>') !~# '\.\(PL\|am\)$' && !empty(vmemmlint#Root(str2nr(expand('<abuf>'))))
        let &l:filetype = a:filetype
    endif
endfunction

autocmd BufNewFile,BufRead Kconfig,Kconfig-*,Kconfig.* call s:Detect('kconfig')
autocmd BufNewFile,BufRead Kbuild,Kbuild.*,Makefile.*,Makefile-*,Makefile_*,*/arch/mips/*/Platform call s:Detect('make')
