//! The example as its README says: started as a program, asked over HTTP.
