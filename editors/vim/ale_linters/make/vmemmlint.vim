" vmemmlint finds what a kernel tree's architectures miss; it runs beside the other linters of make.
call ale#Set('vmemmlint_executable', 'vmemmlint')
call ale#Set('vmemmlint_options', {})
call vmemmlint#Define('make')
