//! Every way in which a run can end, for real: the right exit code, a message that says what to do,
//! no process and no file left behind, and nothing lost that was recorded.

mod death;
mod disk;
mod history;
mod input;
mod merchant;
mod preflight;
mod repeat;
mod secret;
mod signal;
mod stage;
mod start;
mod watch;
