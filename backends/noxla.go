//go:build noxla

package backends

import (
	"context"
	"io"
)

const withXLA = false

func openXLA(string, Options) (*Backend, error) { return nil, errNoXLA }

func releasedCPU(context.Context, io.Writer, string) (string, error) { return "", errNoXLA }

func releasedCUDA(context.Context, io.Writer, string, string) error { return errNoXLA }
