//! How a service of a common stack is usually started, told from the files of its folder.
//!
//! Proposes, never decides: a person or a flag may say otherwise. Knows file names and their texts,
//! and reads none itself. A new stack is one row of `STACKS`.

use serde_json::Value;

/// Reads a file of the folder, by its name from there; none where there is no such file.
pub type Files<'f> = &'f dyn Fn(&str) -> Option<String>;

/// How a service is probably started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    /// By what it was recognised: `package.json`.
    pub file: &'static str,
    /// Its name, where that file tells.
    pub name: Option<String>,
    /// Program and arguments; `{port}` where the port is an argument.
    pub command: Vec<String>,
    /// What comes before the first start.
    pub prepare: Vec<Vec<String>>,
    /// The variable from which it takes its port, where it is no argument.
    pub port_variable: Option<&'static str>,
    /// Seconds that it may take to come up: more where it is compiled first.
    pub ready_within_s: u32,
}

/// One stack: the file that shows it, and what follows from the folder.
struct Stack {
    file: &'static str,
    propose: fn(Files<'_>) -> Option<Start>,
}

/// What differs between stacks.
#[derive(Default)]
struct Start {
    name: Option<String>,
    command: String,
    prepare: Option<&'static str>,
    port_variable: Option<&'static str>,
    compiles: bool,
}

/// In the order of trying: a service in Ruby, PHP or Python often has a package.json for its pages
/// beside it, never the reverse.
const STACKS: &[Stack] = &[
    Stack { file: "Gemfile", propose: ruby },
    Stack { file: "composer.json", propose: php },
    Stack { file: "manage.py", propose: python },
    Stack { file: "pyproject.toml", propose: python },
    Stack { file: "requirements.txt", propose: python },
    Stack { file: "go.mod", propose: go },
    Stack { file: "pom.xml", propose: maven },
    Stack { file: "build.gradle", propose: gradle },
    Stack { file: "build.gradle.kts", propose: gradle },
    Stack { file: "Cargo.toml", propose: rust },
    Stack { file: "package.json", propose: node },
];

/// Names of the files by which stacks are recognised.
pub fn recognised() -> impl Iterator<Item = &'static str> {
    STACKS.iter().map(|stack| stack.file)
}

/// The first stack that the folder shows; none where nothing is known of it.
#[must_use]
pub fn recognise(files: Files<'_>) -> Option<Proposal> {
    STACKS.iter().find_map(|stack| {
        files(stack.file)?;
        let start = (stack.propose)(files)?;
        let words = |line: &str| line.split(' ').map(str::to_owned).collect::<Vec<_>>();
        Some(Proposal {
            file: stack.file,
            name: start.name,
            command: words(&start.command),
            prepare: start.prepare.map(words).into_iter().collect(),
            port_variable: start.port_variable,
            ready_within_s: if start.compiles { 180 } else { 20 },
        })
    })
}

fn ruby(files: Files<'_>) -> Option<Start> {
    if files("bin/rails").is_some() {
        return Some(Start {
            command: "bin/rails server -p {port}".to_owned(),
            prepare: Some("bin/rails db:prepare"),
            ..Start::default()
        });
    }
    let command = match files("config.ru") {
        Some(_) => "bundle exec rackup -p {port}".to_owned(),
        None => format!("bundle exec ruby {}", first(files, &["app.rb", "server.rb", "main.rb"])?),
    };
    Some(Start { command, port_variable: Some("PORT"), ..Start::default() })
}

fn php(files: Files<'_>) -> Option<Start> {
    let name = json_name(&files("composer.json")?);
    if files("artisan").is_some() {
        return Some(Start {
            name,
            command: "php artisan serve --port={port}".to_owned(),
            prepare: Some("php artisan migrate --force"),
            ..Start::default()
        });
    }
    let root = if files("public/index.php").is_some() { "public" } else { "." };
    let command = format!("php -S 127.0.0.1:{{port}} -t {root}");
    Some(Start { name, command, ..Start::default() })
}

fn python(files: Files<'_>) -> Option<Start> {
    let project = files("pyproject.toml").unwrap_or_default();
    let name = toml_name(&project);
    let within = match (files("uv.lock"), files("poetry.lock")) {
        (Some(_), _) => "uv run ",
        (None, Some(_)) => "poetry run ",
        (None, None) => "",
    };
    let start = |command: String, prepare| Start {
        name: name.clone(),
        command: format!("{within}{command}"),
        prepare,
        ..Start::default()
    };
    if files("manage.py").is_some() {
        let command = "python3 manage.py runserver --noreload 127.0.0.1:{port}".to_owned();
        return Some(start(command, Some("python3 manage.py migrate")));
    }
    let needs = format!("{project}{}", files("requirements.txt").unwrap_or_default());
    let needs = needs.to_ascii_lowercase();
    let file = first(files, &["app.py", "main.py", "server.py", "wsgi.py", "app/main.py"])?;
    let module = file.trim_end_matches(".py").replace('/', ".");
    Some(if needs.contains("fastapi") || needs.contains("starlette") {
        start(format!("python3 -m uvicorn {module}:app --port {{port}}"), None)
    } else if needs.contains("flask") {
        start(format!("python3 -m flask --app {module} run --port {{port}}"), None)
    } else {
        Start { port_variable: Some("PORT"), ..start(format!("python3 {file}"), None) }
    })
}

fn go(files: Files<'_>) -> Option<Start> {
    let text = files("go.mod")?;
    let module = text.lines().find_map(|line| line.strip_prefix("module "))?.trim();
    let name = module.rsplit('/').next().unwrap_or(module).to_owned();
    let below = format!("cmd/{name}/main.go");
    let path = if files("main.go").is_none() && files(&below).is_some() {
        format!("./cmd/{name}")
    } else {
        ".".to_owned()
    };
    let (command, port_variable) = (format!("go run {path}"), Some("PORT"));
    Some(Start { name: Some(name), command, port_variable, compiles: true, ..Start::default() })
}

fn maven(files: Files<'_>) -> Option<Start> {
    let project = files("pom.xml")?;
    let program = if files("mvnw").is_some() { "./mvnw" } else { "mvn" };
    Some(java(
        &project,
        &format!("{program} -q spring-boot:run"),
        &format!("{program} -q exec:java"),
    ))
}

fn gradle(files: Files<'_>) -> Option<Start> {
    let project = files("build.gradle").or_else(|| files("build.gradle.kts"))?;
    let program = if files("gradlew").is_some() { "./gradlew" } else { "gradle" };
    Some(java(&project, &format!("{program} -q bootRun"), &format!("{program} -q run")))
}

fn java(project: &str, spring: &str, plain: &str) -> Start {
    let is_spring = project.contains("spring-boot") || project.contains("org.springframework.boot");
    Start {
        command: if is_spring { spring } else { plain }.to_owned(),
        port_variable: Some(if is_spring { "SERVER_PORT" } else { "PORT" }),
        compiles: true,
        ..Start::default()
    }
}

fn rust(files: Files<'_>) -> Option<Start> {
    let name = toml_name(&files("Cargo.toml")?);
    let (command, port_variable) = ("cargo run --quiet".to_owned(), Some("PORT"));
    Some(Start { name, command, port_variable, compiles: true, ..Start::default() })
}

fn node(files: Files<'_>) -> Option<Start> {
    let text = files("package.json")?;
    let project: Value = serde_json::from_str(&text).ok()?;
    let script = |name: &str| project["scripts"][name].as_str();
    let manager = [("pnpm-lock.yaml", "pnpm"), ("yarn.lock", "yarn"), ("bun.lock", "bun")];
    let manager = manager.iter().find(|(lock, _)| files(lock).is_some());
    let manager = manager.map_or("npm", |(_, program)| program);
    let command = match script("start") {
        // The program itself hears the signal that ends it; a package manager may not pass it on.
        Some(script) if is_plain(script) && script.starts_with("node ") => script.to_owned(),
        Some(_) => format!("{manager} run start"),
        None if script("dev").is_some() => format!("{manager} run dev"),
        None => {
            let main = project["main"].as_str().map(str::to_owned);
            let usual = ["server.js", "app.js", "index.js", "server.mjs", "app.mjs", "index.mjs"];
            format!("node {}", main.or_else(|| first(files, &usual).map(str::to_owned))?)
        }
    };
    let name = json_name(&text);
    Some(Start { name, command, port_variable: Some("PORT"), ..Start::default() })
}

/// The first of these files that is there.
fn first<'n>(files: Files<'_>, names: &[&'n str]) -> Option<&'n str> {
    names.iter().copied().find(|name| files(name).is_some())
}

/// Whether words stand there and nothing that a shell would understand.
fn is_plain(script: &str) -> bool {
    script.chars().all(|c| c.is_ascii_alphanumeric() || " -_./:=@".contains(c))
}

/// `@acme/shop` → `shop`.
fn json_name(text: &str) -> Option<String> {
    let project: Value = serde_json::from_str(text).ok()?;
    let name = project["name"].as_str()?;
    Some(name.rsplit('/').next().unwrap_or(name).to_owned()).filter(|name| !name.is_empty())
}

/// The first `name = "…"`: in these files it stands in the table of the project.
fn toml_name(text: &str) -> Option<String> {
    let value = text.lines().find_map(|line| {
        let (key, value) = line.split_once('=')?;
        (key.trim() == "name").then(|| value.trim())
    })?;
    let name = value.trim_matches(['"', '\'']);
    (!name.is_empty()).then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is proposed for a folder with these files: command, preparation, name, port variable.
    #[track_caller]
    fn check(folder: &[(&str, &str)], command: &str, more: (&str, &str, &str)) {
        let files = |name: &str| {
            let found = folder.iter().find(|(file, _)| *file == name);
            found.map(|(_, text)| (*text).to_owned())
        };
        let proposal = recognise(&files).unwrap_or_else(|| panic!("{folder:?} shows nothing"));
        let prepare: Vec<_> = proposal.prepare.iter().map(|words| words.join(" ")).collect();
        let name = proposal.name.unwrap_or_default();
        let variable = proposal.port_variable.unwrap_or_default();
        assert_eq!(proposal.command.join(" "), command);
        assert_eq!((&*prepare.join(""), &*name, variable), more, "{folder:?}");
    }

    #[test]
    fn every_stack_is_recognised() {
        let node = |start: &'static str| ("package.json", start);
        let plain = r#"{"name": "@acme/shop", "scripts": {"start": "node src/server.js"}}"#;
        let shell = r#"{"name": "shop", "scripts": {"start": "tsc && node dist/app.js"}}"#;
        check(&[node(plain)], "node src/server.js", ("", "shop", "PORT"));
        check(&[node(shell)], "npm run start", ("", "shop", "PORT"));
        check(&[node(shell), ("pnpm-lock.yaml", "")], "pnpm run start", ("", "shop", "PORT"));
        check(&[node(r#"{"scripts": {"dev": "x"}}"#)], "npm run dev", ("", "", "PORT"));
        check(&[node(r#"{"main": "a.js"}"#)], "node a.js", ("", "", "PORT"));
        check(&[node("{}"), ("index.js", "")], "node index.js", ("", "", "PORT"));

        let project =
            ("pyproject.toml", "[project]\nname = \"shop\"\ndependencies = [\"fastapi\"]");
        let uvicorn = "python3 -m uvicorn app.main:app --port {port}";
        check(&[project, ("app/main.py", "")], uvicorn, ("", "shop", ""));
        let uv = format!("uv run {uvicorn}");
        check(&[project, ("app/main.py", ""), ("uv.lock", "")], &uv, ("", "shop", ""));
        let needs = ("requirements.txt", "Flask==3.0\n");
        let flask = "python3 -m flask --app app run --port {port}";
        check(&[needs, ("app.py", "")], flask, ("", "", ""));
        let needs = ("requirements.txt", "standardwebhooks\n");
        check(&[needs, ("app.py", "")], "python3 app.py", ("", "", "PORT"));
        let django = "python3 manage.py runserver --noreload 127.0.0.1:{port}";
        check(&[("manage.py", "")], django, ("python3 manage.py migrate", "", ""));

        let composer = ("composer.json", r#"{"name": "acme/shop"}"#);
        let laravel = "php artisan serve --port={port}";
        let migrate = "php artisan migrate --force";
        check(&[composer, ("artisan", ""), node("{}")], laravel, (migrate, "shop", ""));
        let served = "php -S 127.0.0.1:{port} -t public";
        check(&[composer, ("public/index.php", "")], served, ("", "shop", ""));
        check(&[composer], "php -S 127.0.0.1:{port} -t .", ("", "shop", ""));

        let rails = [("Gemfile", ""), ("bin/rails", ""), node("{}")];
        check(&rails, "bin/rails server -p {port}", ("bin/rails db:prepare", "", ""));
        let rack = [("Gemfile", ""), ("config.ru", "")];
        check(&rack, "bundle exec rackup -p {port}", ("", "", "PORT"));
        check(&[("Gemfile", ""), ("app.rb", "")], "bundle exec ruby app.rb", ("", "", "PORT"));

        let module = ("go.mod", "module github.com/acme/shop\n\ngo 1.25\n");
        check(&[module, ("main.go", "")], "go run .", ("", "shop", "PORT"));
        check(&[module, ("cmd/shop/main.go", "")], "go run ./cmd/shop", ("", "shop", "PORT"));

        let spring = ("pom.xml", "<artifactId>spring-boot-starter-web</artifactId>");
        check(&[spring, ("mvnw", "")], "./mvnw -q spring-boot:run", ("", "", "SERVER_PORT"));
        check(&[("pom.xml", "<project/>")], "mvn -q exec:java", ("", "", "PORT"));
        let boot = ("build.gradle.kts", "id(\"org.springframework.boot\")");
        check(&[boot, ("gradlew", "")], "./gradlew -q bootRun", ("", "", "SERVER_PORT"));
        check(&[("build.gradle", "")], "gradle -q run", ("", "", "PORT"));

        let cargo = ("Cargo.toml", "[package]\nname = \"shop\"\n");
        check(&[cargo], "cargo run --quiet", ("", "shop", "PORT"));
    }

    #[test]
    fn nothing_is_guessed_where_nothing_is_known() {
        let broken = |name: &str| (name == "package.json").then(|| "{".to_owned());
        assert_eq!(recognise(&broken), None);
        assert_eq!(recognise(&|_| None), None);
        let library = |name: &str| (name == "requirements.txt").then(String::new);
        assert_eq!(recognise(&library), None);
    }
}
