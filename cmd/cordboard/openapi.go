package main

import (
	"os"

	"cordboard/internal/web/api"
)

type openAPICmd struct{}

func (openAPICmd) Run() error {
	doc, err := api.OpenAPI("1")
	if err == nil {
		_, err = os.Stdout.Write(append(doc, '\n'))
	}
	return err
}
