// Package disk keeps objects: files named by the hash of their own bytes.
//
// # Layout
//
//	DIR/sha256/ab/<base16>   objects; also sha512/, sha1/, md5/, blake3/
//	DIR/tmp/<key>.part       downloads under way
//	DIR/tmp/<key>.note       what is known about one: a few words of its owner
//	DIR/granary.lock         the process that writes
//
// Two-digit folders because exFAT and FAT scan folders linearly; no links, no
// colons, no permissions, because they have none.
//
// # One door
//
//  1. CreateTemp opens DIR/tmp/<key>.part and hashes what an earlier run left in it.
//  2. Write appends and hashes what was written.
//  3. Commit compares the hash with the one that is wanted, and only then gives
//     the file its name. Nothing else in granary names an object.
//  4. Sync makes all objects committed so far outlast a power cut, at once: a
//     sync for each file would take an external disk hours.
//
// Between 3 and 4 a power cut may leave an object with damaged bytes. So
// nothing may be recorded as held before Sync, and an object that nothing
// records is to be checked with Adopt.
//
// Errors about a file of the disk wrap the cause, so that
// errors.Is(err, syscall.ENOSPC) and the like work. Any error but a
// *MismatchError, or fs.ErrNotExist where an object is asked for, means that
// the machine failed, not the source.
package disk
