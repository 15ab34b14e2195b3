package segmentation

import "fmt"

// Error says what was wrong with an option or a payload. Codes are stable, messages are for people.
type Error struct {
	// Code is "INVALID_OPTION", "PAYLOAD_TOO_LARGE" or "TOO_MANY_SEGMENTS".
	Code    string
	Message string
}

func (e *Error) Error() string { return fmt.Sprintf("segmentation: %s: %s", e.Code, e.Message) }

// Is reports whether target is an *Error of the same code, for errors.Is.
func (e *Error) Is(target error) bool {
	other, ok := target.(*Error)
	return ok && other.Code == e.Code
}

// For errors.Is.
var (
	// ErrInvalidOption: an option is out of its range.
	ErrInvalidOption = &Error{Code: "INVALID_OPTION"}
	// ErrPayloadTooLarge: the payload is larger than MaxPayloadSize.
	ErrPayloadTooLarge = &Error{Code: "PAYLOAD_TOO_LARGE"}
	// ErrTooManySegments: the payload would need more than MaxTotalSegments, or more than any code has.
	ErrTooManySegments = &Error{Code: "TOO_MANY_SEGMENTS"}
)

func invalid(format string, values ...any) error {
	return &Error{Code: ErrInvalidOption.Code, Message: fmt.Sprintf(format, values...)}
}
