package main

// actions are the commands, by their names; made at the start, because some of them do others.
var actions map[string]action

func init() {
	actions = map[string]action{
		"connect":        connect,
		"manager":        makeManager,
		"close":          closeClient,
		"reset":          reset,
		"cancel":         cancel,
		"save":           save,
		"save_loaded":    saveLoaded,
		"load":           load,
		"update":         update,
		"delete":         deleteState,
		"list_revisions": listRevisions,
	}
}
