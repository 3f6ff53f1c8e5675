" vmemmlint finds what a kernel tree's architectures miss; it runs beside the other linters of c.
call ale#Set('vmemmlint_executable', 'vmemmlint')
call ale#Set('vmemmlint_options', {})
call vmemmlint#Define('c')
