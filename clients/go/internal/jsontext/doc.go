// Package jsontext turns Go values into JSON texts and back, without losing a digit.
//
// It is not encoding/json because of numbers: that one reads all of them as float64, or all
// of them as text. Here an integer comes back as int64 and a fraction as float64 wherever
// these hold it exactly, and as [encoding/json.Number] where they do not.
package jsontext
