// Serve runs the web server of the sample package set until it is interrupted.
package main

import (
	"context"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"

	"granary/internal/sampleweb"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:0", "listen on this address")
	files := flag.String("files", "testdata/sample/files", "serve the files in this folder")
	addressFile := flag.String("print-address", "", "write the server's address into this file")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := serve(ctx, *addr, *files, *addressFile); err != nil {
		fmt.Fprintln(os.Stderr, "serve:", err)
		os.Exit(1)
	}
}

// serve listens on addr until ctx ends. addressFile, unless it is "", appears
// when the server is ready, and then holds HOST:PORT and a newline.
func serve(ctx context.Context, addr, files, addressFile string) error {
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	server := &http.Server{Handler: sampleweb.Handler(files)}
	stop := context.AfterFunc(ctx, func() { server.Close() })
	defer stop()
	if addressFile != "" {
		if err := writeAddress(addressFile, listener.Addr().String()); err != nil {
			return err
		}
	}
	if err := server.Serve(listener); err != http.ErrServerClosed {
		return err
	}
	return nil
}

// writeAddress renames the file into place, so that who waits for it never
// reads half an address.
func writeAddress(file, address string) error {
	if err := os.WriteFile(file+".tmp", []byte(address+"\n"), 0o644); err != nil {
		return err
	}
	return os.Rename(file+".tmp", file)
}
