//! Where the flags of `challenge` come from: the command line, the environment, and a file.

use crate::common::Shop;

/// A node that does not answer, and says by which of several addresses it was asked for.
fn node(number: u16) -> String {
    format!("http://127.0.0.{number}:1")
}

#[test]
fn flags_go_before_the_environment_and_that_before_the_file() {
    let shop = Shop::new();
    let file = format!(
        "rpc = '{}'\npatience = '1s'\ngame = '0x{}'\nprestate = 'p'\noutputs = 'o'\npreimages = 'store'",
        node(2),
        "11".repeat(20)
    );
    shop.write("c.toml", file);
    shop.write(
        "o",
        "0 0x0000000000000000000000000000000000000000000000000000000000000000\n",
    );
    std::fs::create_dir(shop.path("store")).unwrap();
    let asked = |flags: &[&str], variable: Option<&str>| {
        let mut command = shop.command();
        command
            .args(["challenge", "--config", "c.toml"])
            .args(flags);
        command.env("FPVM_PRIVATE_KEY", format!("0x{}", "11".repeat(32)));
        if let Some(url) = variable {
            command.env("FPVM_RPC", url);
        }
        let done: crate::common::Done = command.output().unwrap().into();
        assert_eq!(done.code, Some(1), "{}", done.err);
        let numbers = [2, 3, 4]
            .into_iter()
            .filter(|number| done.err.contains(&node(*number)));
        numbers.collect::<Vec<_>>()
    };
    let (variable, flag) = (node(3), node(4));
    assert_eq!(asked(&[], None), [2]);
    assert_eq!(asked(&[], Some(&variable)), [3]);
    assert_eq!(asked(&["--rpc", &flag], Some(&variable)), [4]);
    assert_eq!(asked(&["--rpc", &flag], None), [4]);
}

#[test]
fn a_wrong_file_is_an_error_that_says_where() {
    let shop = Shop::new();
    shop.write("c.toml", "prestate-url = 'http://l1'");
    let done = shop.run("challenge --config c.toml");
    done.fails(
        1,
        "in c.toml: there is no flag `prestate-url`; is it `prestates-url`?",
    );
    shop.write("c.toml", "rpc = 'http://l1'\ngame-window = 'long'");
    shop.run("challenge --config c.toml --game 0x00")
        .fails(1, "--game-window");
    // What is missing both there and here is missing.
    shop.write("c.toml", "rpc = 'http://l1'");
    let done = shop.run("challenge --config c.toml --outputs o");
    done.fails(1, "the following required arguments were not provided");
}
