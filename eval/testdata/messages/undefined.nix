{ x = yy; }.x
