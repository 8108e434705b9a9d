package main

// experiment is one or several rows of the table.
type experiment struct {
	name string
	run  func(l *lab) []row
}

// experiments are all of them, in the order of the table.
var experiments = []experiment{
	{"kills", randomKills},
	{"operations", killedOperations},
	{"damage", damage},
	{"errors", failedOperations},
	{"disks", disks},
	{"slow", slowDisk},
	{"signals", signals},
	{"locks", locks},
	{"hostile", hostile},
	{"leaks", leaks},
	{"race", races},
}

func names() (list []string) {
	for _, e := range experiments {
		list = append(list, e.name)
	}
	return list
}

// forBackends makes a row of an experiment on each backend.
func (l *lab) forBackends(run func(backend string) row) (rows []row) {
	for _, b := range l.backends {
		rows = append(rows, run(b))
	}
	return rows
}
