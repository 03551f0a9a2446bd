// Package k8s stands in for its namesake: see package discover.
package k8s

import (
	"errors"
	"log"
)

type Provider struct{}

func (*Provider) Addrs(map[string]string, *log.Logger) ([]string, error) {
	return nil, errors.New("this build finds no other nodes")
}

func (*Provider) Help() string { return "" }
