// Package spare keeps checkouts that nobody works in yet. To make one costs as
// much as the repository has files, to bring one to another commit only as much
// as differs; so they are made while agents work, and taken when somebody waits.
//
// They are a cache. Nothing depends on one, and what an earlier process left of
// them is removed. A Pool may be used by many goroutines; it makes one checkout at
// a time, and nothing goes on in it but in calls of Stock.
package spare
