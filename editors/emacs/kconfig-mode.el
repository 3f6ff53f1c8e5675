;;; kconfig-mode.el --- Major mode for Kconfig files  -*- lexical-binding: t -*-

;; Small on purpose: comments, keywords, strings, and an index of the options.

;;; Code:

(defvar kconfig-mode-font-lock-keywords
  (list
   (cons (concat "^[ \t]*"
                 (regexp-opt '("config" "menuconfig" "choice" "endchoice" "comment" "menu" "endmenu" "if" "endif"
                               "source" "rsource" "osource" "orsource" "mainmenu" "depends on" "select" "imply"
                               "default" "def_bool" "def_tristate" "prompt" "range" "visible if" "optional" "modules"
                               "transitional" "help" "bool" "tristate" "string" "hex" "int")
                             'symbols))
         'font-lock-keyword-face)
   '("^[ \t]*\\(?:menu\\)?config[ \t]+\\([A-Za-z0-9_]+\\)" 1 font-lock-variable-name-face)
   '("\\_<if\\_>" . font-lock-keyword-face)
   '("\\_<\\(?:[ymn]\\|0x[0-9a-fA-F]+\\|[0-9]+\\)\\_>" . font-lock-constant-face)
   '("\\$([^)\n]*)" . font-lock-preprocessor-face))
  "What `kconfig-mode' highlights.")

(defvar kconfig-mode-syntax-table
  (let ((table (make-syntax-table)))
    (modify-syntax-entry ?# "<" table)
    (modify-syntax-entry ?\n ">" table)
    (modify-syntax-entry ?_ "_" table)
    (modify-syntax-entry ?' "." table)
    table)
  "Syntax table of `kconfig-mode'.")

;;;###autoload
(define-derived-mode kconfig-mode prog-mode "Kconfig"
  "Major mode for Kconfig files."
  (setq-local font-lock-defaults '(kconfig-mode-font-lock-keywords))
  (setq-local comment-start "# ")
  (setq-local comment-start-skip "#+[ \t]*")
  (setq-local indent-tabs-mode t)
  (setq-local tab-width 8)
  (setq-local indent-line-function #'indent-relative)
  (setq-local imenu-generic-expression '((nil "^[ \t]*\\(?:menu\\)?config[ \t]+\\([A-Za-z0-9_]+\\)" 1))))

;;;###autoload
(add-to-list 'auto-mode-alist '("/Kconfig\\(?:[-.][^/]*\\)?\\'" . kconfig-mode))

(provide 'kconfig-mode)
;;; kconfig-mode.el ends here
