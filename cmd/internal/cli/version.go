package cli

// Version is that of the program: package cmd sets it before there is a command.
var Version = "dev"
