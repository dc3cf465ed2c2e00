package main

import (
	"github.com/rogpeppe/go-internal/testscript"

	"granary/internal/vsftpd"
)

// cmdFTP is `ftp DIR`: a real FTP server serves the files below DIR/files until
// the script ends. $FTP is its URL, with a slash at the end.
func cmdFTP(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: ftp DIR")
	}
	server, stop, err := vsftpd.Start(ts.MkAbs(args[0]), vsftpd.Anonymous)
	ts.Check(err)
	ts.Defer(stop)
	ts.Setenv("FTP", server.URL)
}
