;;; vmemmlint-tree.el --- Kernel trees, for vmemmlint  -*- lexical-binding: t -*-

;; What the settings for Eglot and for lsp-mode share.

;;; Code:

(require 'cl-lib)
(require 'project)
(require 'subr-x)
(unless (fboundp 'kconfig-mode)
  (require 'kconfig-mode))

(defvar vmemmlint-options nil
  "Options for vmemmlint as a property list, for example (:arch [\"powerpc\"]).")

(defun vmemmlint-root (dir)
  "The nearest directory from DIR upwards that has Kconfig, Makefile and arch/."
  (locate-dominating-file
   dir (lambda (d)
         (and (file-regular-p (expand-file-name "Kconfig" d))
              (file-regular-p (expand-file-name "Makefile" d))
              (file-directory-p (expand-file-name "arch" d))))))

(defun vmemmlint-project (dir)
  "DIR's kernel tree as a project, unless version control says the same."
  (when-let ((root (vmemmlint-root dir)))
    (let ((vc (ignore-errors (project-try-vc dir))))
      (unless (and vc (file-equal-p (project-root vc) root))
        (cons 'vmemmlint root)))))

(cl-defmethod project-root ((project (head vmemmlint)))
  "The root of the kernel tree PROJECT."
  (cdr project))

(add-hook 'project-find-functions #'vmemmlint-project -50)

;; Kbuild is make; so are arch/mips/*/Platform and, unless Emacs knows better (Makefile.PL, Makefile.am), Makefile.x.
(add-to-list 'auto-mode-alist '("/Kbuild\\(?:\\.[^/]*\\)?\\'" . makefile-gmake-mode))
(add-to-list 'auto-mode-alist '("/Makefile[-_][^/]*\\'" . makefile-gmake-mode))
(add-to-list 'auto-mode-alist '("/Makefile\\.[^/]*\\'" . makefile-gmake-mode) t)
(add-to-list 'auto-mode-alist '("/arch/mips/.*/Platform\\'" . makefile-gmake-mode))

(provide 'vmemmlint-tree)
;;; vmemmlint-tree.el ends here
