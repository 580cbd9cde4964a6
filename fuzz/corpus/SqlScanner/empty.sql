;;; ; -- nothing
;