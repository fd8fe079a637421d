// Package statekeeper is the client of statekeeper, a service that keeps the state of
// executions durably.
//
// A [Client] talks to a server, and a [StateManager] is the handle of one execution:
//
//	client, err := statekeeper.NewClient("127.0.0.1:7460")
//	if err != nil {
//		return err
//	}
//	defer client.Close()
//	sm := client.StateManager("exec_abc123", statekeeper.WithNamespace("orders"))
//	_, err = sm.Save(ctx, &statekeeper.State{
//		Status:  statekeeper.StatusRunning,
//		Context: statekeeper.Document{"userId": "user_123"},
//	})
//	state, err := sm.Load(ctx)
//
// # Errors
//
// Every error about a call is a [StateError] with a [Code]. There is a type for each code that
// has facts of its own:
//
//	var conflict *statekeeper.ConflictError
//	switch {
//	case errors.As(err, &conflict):
//		log.Print(conflict.Expected, conflict.Current)
//	case errors.Is(err, statekeeper.ErrUnavailable):
//		...
//	}
//
// What is wrong with arguments is told by the same types before anything is sent.
//
// # Contexts and time
//
// A call takes 10 seconds at most, its retries included, or what [WithTimeout] says; its
// context may end it earlier. Every write can be repeated safely, because the client gives it
// a request id. So what fails in passing is repeated: a server that cannot be reached, that
// is overloaded, or that restarts. A server that was never heard of is given 1.5 seconds.
//
// # Many goroutines
//
// Clients and handles may be used by any number of goroutines. The small calls of all of them
// share one stream: what is called while a message is being sent goes into the next one. The
// calls that one goroutine makes one after the other are done in that order.
//
// # Locks
//
// Who holds a lock is told by the context: within [Lock.Do] and [StateManager.WithLock], the
// writes that are made with the function's context carry the lock's fencing token, and asking
// for the lock again gets the same grant. A write whose context knows of no lock carries the
// token of the lock that its handle was granted last, if it was not released. So a write that
// must not be done without the lock is refused with a [FencedError] once the lock is lost.
package statekeeper
