package main

import (
	"github.com/rogpeppe/go-internal/testscript"

	"granary/internal/vsftpd"
)

// cmdFTP is `ftp DIR [CONFIG...]`: a real FTP server, vsftpd with these lines of
// configuration, serves the files below DIR/files until the script ends. $FTP is
// its URL, with a slash at the end, and DIR/vsftpd.log its log.
func cmdFTP(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: ftp DIR [CONFIG...]")
	}
	server, stop, err := vsftpd.Start(ts.MkAbs(args[0]), append(args[1:], vsftpd.Anonymous)...)
	ts.Check(err)
	ts.Defer(stop)
	ts.Setenv("FTP", server.URL)
}
