// Package wire marshals requests and unmarshals responses.
//
// Those of Save, Load and Update, which are most calls, it writes and reads by hand: what
// finds the fields of a message at run time takes several times as long, and allocates each
// message apart. All others are left to package proto.
package wire

import (
	pb "github.com/statekeeper/statekeeper/clients/go/statekeeper/v1"
	"google.golang.org/protobuf/proto"
)

// Append appends a request to what is there already.
//
// The texts of the messages written by hand are not looked at: the client has made sure that
// they are UTF-8. They must have no unknown fields.
func Append(text []byte, request proto.Message) ([]byte, error) {
	switch m := request.(type) {
	case *pb.SaveRequest:
		return appendSave(text, m), nil
	case *pb.LoadRequest:
		return appendLoad(text, m), nil
	case *pb.UpdateRequest:
		return appendUpdate(text, m), nil
	default:
		return proto.MarshalOptions{}.MarshalAppend(text, request)
	}
}

// Read reads a response into an empty message, which shares nothing with the text. Of the
// messages read by hand, fields that are not known are left out.
func Read(text []byte, response proto.Message) error {
	switch m := response.(type) {
	case *pb.SaveResponse:
		return readSave(text, m)
	case *pb.LoadResponse:
		return readLoad(text, m)
	case *pb.UpdateResponse:
		return readUpdate(text, m)
	default:
		return proto.Unmarshal(text, response)
	}
}
