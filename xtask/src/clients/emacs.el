;;; emacs.el --- Opens a file, changes a line, waits for what is expected, and takes the change back  -*- lexical-binding: t -*-

;;; Code:

(add-to-list 'load-path (concat (getenv "TRY_EDITORS") "/emacs"))
(setq vmemmlint-c t
      make-backup-files nil
      auto-save-default nil
      create-lockfiles nil)
(require 'vmemmlint-eglot)
(require 'flymake)

(defun try-say (&rest words)
  (princ (concat (apply #'format words) "\n")))

(defun try-fail (&rest words)
  (apply #'try-say words)
  (set-buffer-modified-p nil)
  (kill-emacs 1))

(defun try-found ()
  "The message that is expected, if it is there."
  (flymake-start)
  (let ((expected (getenv "TRY_EXPECTED")) (found nil))
    (dolist (one (flymake-diagnostics) found)
      (when (string-match-p (regexp-quote expected) (flymake-diagnostic-text one))
        (setq found (flymake-diagnostic-text one))))))

(defun try-wait (test)
  "How many seconds it takes until TEST holds; nil where that is too many."
  (let ((begun (float-time)) (took nil))
    (while (and (not took) (< (- (float-time) begun) 120))
      (accept-process-output nil 0.01)
      (when (funcall test)
        (setq took (- (float-time) begun))))
    took))

(find-file (getenv "TRY_FILE"))
(unless (eglot-current-server)
  (apply #'eglot (eglot--guess-contact)))
(unless (try-wait (lambda () (eglot-current-server)))
  (try-fail "no server"))
(jsonrpc-request (eglot-current-server) :vmemmlint/settle nil :timeout 120)
(accept-process-output nil 0.5)
(when (try-found)
  (try-fail "told before the change: %s" (try-found)))
(buffer-enable-undo)
(goto-char (point-min))
(unless (search-forward (getenv "TRY_LINE") nil t)
  (try-fail "no such line: %s" (getenv "TRY_LINE")))
(undo-boundary)
(delete-region (line-beginning-position) (line-beginning-position 2))
(unless (string= (getenv "TRY_BECOMES") "")
  (insert (getenv "TRY_BECOMES") "\n"))
(eglot--signal-textDocument/didChange)
(let ((appeared (try-wait #'try-found)))
  (unless appeared
    (try-fail "not told after the change"))
  (try-say "told after %.2f s: %s" appeared (car (split-string (try-found) "\n"))))
(undo-boundary)
(undo)
(eglot--signal-textDocument/didChange)
(let ((gone (try-wait (lambda () (not (try-found))))))
  (unless gone
    (try-fail "still told after the undo"))
  (try-say "gone after %.2f s" gone))
(set-buffer-modified-p nil)
(kill-emacs 0)

;;; emacs.el ends here
