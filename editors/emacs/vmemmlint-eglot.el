;;; vmemmlint-eglot.el --- vmemmlint for Eglot  -*- lexical-binding: t -*-

;; For Emacs 28 with eglot 1.9 and for Emacs 29 and later.  See README.md.
;;   (require 'vmemmlint-eglot)
;;   (setq vmemmlint-options '(:arch ["powerpc"] :rules ["unselected"] :kconfig (:lints t)))
;;
;; Eglot gives a buffer one server.  So Kconfig and Makefile buffers of a kernel tree get vmemmlint, and C buffers stay
;; with clangd, in the same project; what vmemmlint tells of C files that are not open is in M-x
;; flymake-show-project-diagnostics.  For both servers in C buffers see README.md.

;;; Code:

(require 'eglot)
(require 'vmemmlint-tree)

(defvar vmemmlint-c nil
  "If non-nil, C buffers of kernel trees are vmemmlint's too, instead of clangd's.")

(defun vmemmlint-contact (&optional _interactive &rest _)
  "How Eglot starts vmemmlint."
  (append '("vmemmlint" "lsp")
          (and vmemmlint-options (list :initializationOptions vmemmlint-options))))

;; One server for both modes.
(put 'kconfig-mode 'eglot-language-id "kconfig")
(dolist (mode '(makefile-mode makefile-gmake-mode makefile-bsdmake-mode))
  (put mode 'eglot-language-id "make"))
(add-to-list 'eglot-server-programs
             '((kconfig-mode makefile-gmake-mode makefile-mode makefile-bsdmake-mode) . vmemmlint-contact))

;; Eglot 1.9 has one language id for each server, so it would call a Makefile kconfig.
(unless (fboundp 'eglot--language-ids)
  (define-advice eglot--TextDocumentItem (:filter-return (item) vmemmlint)
    (let ((id (get major-mode 'eglot-language-id)))
      (if id (plist-put item :languageId id) item))))

(defun vmemmlint-ensure ()
  "Start Eglot with vmemmlint if this buffer is of a kernel tree."
  (when (and buffer-file-name (vmemmlint-root default-directory) (executable-find "vmemmlint"))
    (eglot-ensure)))

(defun vmemmlint-ensure-c ()
  "The same for C, if `vmemmlint-c' is set."
  (when (and vmemmlint-c buffer-file-name (vmemmlint-root default-directory))
    (setq-local eglot-server-programs
                (cons '((c-mode c-ts-mode c++-mode c++-ts-mode) . vmemmlint-contact) eglot-server-programs))
    (vmemmlint-ensure)))

(add-hook 'kconfig-mode-hook #'vmemmlint-ensure)
(add-hook 'makefile-mode-hook #'vmemmlint-ensure) ; makefile-gmake-mode runs it too
(dolist (hook '(c-mode-hook c-ts-mode-hook c++-mode-hook c++-ts-mode-hook))
  (add-hook hook #'vmemmlint-ensure-c))

(provide 'vmemmlint-eglot)
;;; vmemmlint-eglot.el ends here
