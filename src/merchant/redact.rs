//! Debug output of the profile without the secrets in it: keys, tokens in headers, the environment.

use std::fmt::{Debug, Formatter, Result};

use super::profile::{HttpTemplate, Probe, ProviderConfig, Start};

impl Debug for ProviderConfig {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.debug_struct("ProviderConfig")
            .field("live", &self.live)
            .field("listen", &self.listen)
            .field("profile", &self.profile)
            .field("rails", &self.rails)
            .finish_non_exhaustive()
    }
}

impl Debug for Start {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.debug_struct("Start")
            .field("command", &self.command)
            .field("prepare", &self.prepare)
            .field("cwd", &self.cwd)
            .field("env", &self.env.keys())
            .field("ready", &self.ready)
            .field("stop", &self.stop)
            .finish()
    }
}

impl Debug for HttpTemplate {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.debug_struct("HttpTemplate")
            .field("method", &self.method)
            .field("path", &self.path)
            .field("headers", &self.headers.keys())
            .field("body", &self.body)
            .finish()
    }
}

impl Debug for Probe {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.debug_struct("Probe")
            .field("path", &self.path)
            .field("headers", &self.headers.keys())
            .field("each", &self.each)
            .field("map", &self.map)
            .finish()
    }
}
