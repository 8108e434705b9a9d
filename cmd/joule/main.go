// Command joule trains, scores, samples and draws energy-based models.
package main

import (
	"os"

	"joule/cmd"
)

func main() { os.Exit(cmd.Main()) }
