;;; vmemmlint-lsp-mode.el --- vmemmlint for lsp-mode  -*- lexical-binding: t -*-

;; lsp-mode runs several servers in one buffer; this one is an add-on, so clangd stays as it is.
;;   (require 'vmemmlint-lsp-mode)
;;   (setq vmemmlint-options '(:arch ["powerpc"] :rules ["unselected"] :kconfig (:lints t)))
;;   (add-hook 'kconfig-mode-hook #'lsp-deferred)
;;   (add-hook 'makefile-mode-hook #'lsp-deferred)
;;   (add-hook 'c-mode-hook #'lsp-deferred)

;;; Code:

(require 'lsp-mode)
(require 'vmemmlint-tree)

(dolist (entry '((kconfig-mode . "kconfig") (makefile-mode . "make")
                 (makefile-gmake-mode . "make") (makefile-bsdmake-mode . "make")))
  (add-to-list 'lsp-language-id-configuration entry))

(lsp-register-client
 (make-lsp-client
  :new-connection (lsp-stdio-connection '("vmemmlint" "lsp"))
  :activation-fn (lambda (file mode)
                   (and (memq mode '(kconfig-mode makefile-mode makefile-gmake-mode makefile-bsdmake-mode
                                     c-mode c-ts-mode c++-mode c++-ts-mode))
                        file (vmemmlint-root file)))
  :add-on? t
  :priority -2
  :initialization-options (lambda () (or vmemmlint-options (make-hash-table)))
  :server-id 'vmemmlint))

(provide 'vmemmlint-lsp-mode)
;;; vmemmlint-lsp-mode.el ends here
