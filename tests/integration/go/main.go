// Says of each request what net/http understands of it: method, target, host and the length of its body.
package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
)

func main() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	fmt.Println(listener.Addr())
	go func() {
		// The parent holds the other end: this process ends with it.
		io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	panic(http.Serve(listener, http.HandlerFunc(func(answer http.ResponseWriter, request *http.Request) {
		length, err := io.Copy(io.Discard, request.Body)
		if err != nil {
			answer.WriteHeader(http.StatusBadRequest)
			return
		}
		fmt.Fprintf(answer, "%s %s %s %d", request.Method, request.RequestURI, request.Host, length)
	})))
}
