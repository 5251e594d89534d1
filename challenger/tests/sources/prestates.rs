//! Programs from files, folders and web servers: those that are what they should be, and all that may be there instead.

use std::path::Path;
use std::thread::scope;
use std::time::{Duration, Instant};

use crate::common::players::{CHEAT, HONEST, LIE, cheat};
use crate::common::several::{FIRST, LIMITS, RISCV, SECOND, Shelf, Types, settle, side, source};
use crate::common::table::check;
use crate::common::{CLOCK, DELAY};
use fpvm_challenger::event::{Event, Name};
use fpvm_challenger::game_type::{ByType, GameType};
use fpvm_challenger::player::Strategy;
use fpvm_challenger::read::Reader;
use fpvm_challenger::read::game_params::GameParams;
use fpvm_challenger::scheduler::TraceSource as _;
use fpvm_challenger::service::{PrestateSources, PrestateUrl, ProgramTraceSource};
use fpvm_dispute::rules::Params;
use fpvm_dispute::trace::lie::Extent;
use fpvm_e2e::files::{FileServer, Reply};
use fpvm_l1::{Address, B256};
use tempfile::TempDir;

const TRUTH: Extent = Extent {
    outputs_from: None,
    steps_from: None,
    salt: 0,
};

fn folder() -> TempDir {
    tempfile::tempdir().expect("a folder")
}

/// A folder of a web server.
fn url(server: &FileServer, path: &str) -> PrestateUrl {
    PrestateUrl::parse(&format!("{}{path}", server.url)).expect("a URL")
}

fn from_urls(urls: impl IntoIterator<Item = (Option<GameType>, PrestateUrl)>) -> PrestateSources {
    PrestateSources {
        urls: urls.into_iter().collect(),
        limits: LIMITS,
        ..PrestateSources::default()
    }
}

fn params(types: &Types, game: Address) -> GameParams {
    let reader = Reader::newest(&types.chain).expect("a block");
    GameParams::read(&reader, game).expect("a game")
}

/// Asks for a game's program until the servers have answered; why it is not to be had.
fn answer(source: &mut ProgramTraceSource<'_, '_>, game: &GameParams) -> Result<(), String> {
    let begun = Instant::now();
    loop {
        let found = source.of(game);
        if found.is_ok() || !source.is_asking() {
            return found.map(drop).map_err(|why| why.why);
        }
        assert!(begun.elapsed() < Duration::from_secs(60), "no answer");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Asks for as long as it takes.
fn found(source: &mut ProgramTraceSource<'_, '_>, game: &GameParams) {
    let begun = Instant::now();
    while let Err(why) = answer(source, game) {
        assert!(begun.elapsed() < Duration::from_secs(60), "{why}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// How many games were begun to be played.
fn playing(events: &[Event]) -> usize {
    let found = events.iter().filter(|event| event.event == Name::Found);
    found.count()
}

fn name(hash: B256, ending: &str) -> String {
    format!("{hash}.{ending}")
}

#[test]
fn every_form_is_taken_from_a_server_and_from_a_folder() {
    let shelf = Shelf::new();
    let mut types = Types::new(&shelf);
    let game = types.propose(GameType::CANNON, 0);
    let (game, work) = (params(&types, game), folder());
    let hash = shelf.prestate(FIRST);
    for ending in ["bin.gz", "json.gz", "json", "bin"] {
        let bytes = shelf.state(FIRST, work.path(), ending);
        let server = FileServer::start();
        // A query, such as a token, stays with the address.
        let path = format!("/op/kona/{}?token=1", name(hash, ending));
        server.put(&path, Reply::File(bytes.clone()));
        let kept = folder();
        let urls = [(None, url(&server, "/op/kona/?token=1"))];
        scope(|scope| {
            let of = |sources| source(sources, kept.path(), &shelf, &types.chain, TRUTH, scope);
            found(&mut of(from_urls(urls.clone())), &game);
            // It is kept, and the server is not asked again.
            let file = kept.path().join(name(hash, ending));
            assert_eq!(std::fs::read(file).expect("it is kept"), bytes);
            server.files().asked.clear();
            found(&mut of(from_urls(urls)), &game);
            assert!(
                server.files().asked.is_empty(),
                "{:?}",
                server.files().asked
            );
        });

        let (given, kept) = (folder(), folder());
        std::fs::write(given.path().join(name(hash, ending)), &bytes).expect("it is written");
        scope(|scope| {
            let sources = PrestateSources {
                folders: [(None, given.path().to_owned())].into_iter().collect(),
                ..PrestateSources::default()
            };
            let mut source = source(sources, kept.path(), &shelf, &types.chain, TRUTH, scope);
            assert!(source.of(&game).is_ok(), "{ending}");
            assert!(kept.path().join(name(hash, ending)).is_file(), "{ending}");
        });
        assert_eq!(
            names(kept.path()),
            [name(hash, ending)],
            "nothing else is left"
        );
    }
}

/// The names of what lies in a folder.
fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).expect("a folder");
    let name = |entry: std::io::Result<std::fs::DirEntry>| entry.expect("a file").file_name();
    entries
        .map(|entry| name(entry).to_string_lossy().into_owned())
        .collect()
}

#[test]
fn a_server_that_unpacks_what_it_serves_is_understood() {
    let shelf = Shelf::new();
    let mut types = Types::new(&shelf);
    let game = types.propose(GameType::CANNON, 0);
    let (game, kept, server) = (params(&types, game), folder(), FileServer::start());
    let hash = shelf.prestate(FIRST);
    let bytes = shelf.state(FIRST, folder().path(), "bin");
    server.put(&format!("/{}", name(hash, "bin.gz")), Reply::File(bytes));
    scope(|scope| {
        let sources = from_urls([(None, url(&server, ""))]);
        let mut source = source(sources, kept.path(), &shelf, &types.chain, TRUTH, scope);
        found(&mut source, &game);
    });
    assert_eq!(names(kept.path()), [name(hash, "bin")]);
}

/// What servers may do instead, and what is said then.
fn bad(shelf: &Shelf, server: &FileServer) -> Vec<(Reply, &'static str)> {
    let wrong = shelf.state(SECOND, folder().path(), "bin.gz");
    vec![
        (
            Reply::Status(404),
            "has no file of it (.bin.gz, .json.gz, .json, .bin)",
        ),
        (Reply::Status(403), "answers with HTTP status 403 Forbidden"),
        (
            Reply::Status(500),
            "answers with HTTP status 500 Internal Server Error",
        ),
        (Reply::HangUp, "does not answer"),
        (
            Reply::Page,
            "answers with a web page and not with a state file",
        ),
        (
            Reply::File(b" <html>".to_vec()),
            "answers with a web page and not with a state file",
        ),
        (
            Reply::File(wrong),
            "under that name cannot be used: its state hash is 0x03",
        ),
        (
            Reply::File(b"nothing of sense".to_vec()),
            "under that name cannot be used",
        ),
        (Reply::File(Vec::new()), "under that name cannot be used"),
        (
            Reply::File(vec![0x1f, 0x8b, 8, 0, 1, 2]),
            "under that name cannot be used",
        ),
        (Reply::Endless, "answers with more than 1048576 bytes"),
        (
            Reply::Redirect(format!("{}/again", server.url)),
            "does not answer: it redirects more than 5 times",
        ),
        (
            Reply::Redirect("ftp://elsewhere/".into()),
            "does not answer",
        ),
    ]
}

#[test]
fn whatever_a_server_does_is_said_once_and_it_is_asked_again() {
    let shelf = Shelf::new();
    let mut types = Types::new(&shelf);
    types.propose(GameType::CANNON, 0);
    types.set(GameType::CANNON_KONA, &shelf, RISCV);
    types.propose(GameType::CANNON_KONA, 0);
    let server = FileServer::start();
    let good = shelf.state(FIRST, folder().path(), "bin.gz");
    for (reply, why) in bad(&shelf, &server) {
        let kept = folder();
        server.files().replies.clear();
        server.files().otherwise = Some(reply.clone());
        let sources = PrestateSources {
            files: vec![shelf.file(RISCV)],
            ..from_urls([(None, url(&server, "/here"))])
        };
        scope(|scope| {
            let source = source(sources, kept.path(), &shelf, &types.chain, TRUTH, scope);
            let mut side = side(&types, HONEST, source, Strategy::Honest);
            let mut events = Vec::new();
            // Asked several times over.
            let begun = Instant::now();
            while begun.elapsed() < Duration::from_millis(900) {
                settle(&mut side, &mut events);
                std::thread::sleep(Duration::from_millis(50));
            }
            let left: Vec<_> = events
                .iter()
                .filter(|event| event.event == Name::Left)
                .collect();
            let texts: Vec<_> = left.iter().map(|event| event.why.as_str()).collect();
            assert_eq!(texts.len(), 2, "{reply:?}: {texts:#?}");
            assert!(texts[0].contains("it is being fetched"), "{texts:?}");
            assert!(
                texts[1].contains(why) && texts[1].contains(&server.url),
                "{texts:?}"
            );
            // The other game is played.
            assert_eq!(playing(&events), 1, "{reply:?}");
            assert!(names(kept.path()).is_empty(), "{:?}", names(kept.path()));

            server.put(
                &format!("/here/{}", name(shelf.prestate(FIRST), "bin.gz")),
                Reply::File(good.clone()),
            );
            let begun = Instant::now();
            while playing(&events) < 2 {
                assert!(
                    begun.elapsed() < Duration::from_secs(30),
                    "{reply:?}: {events:#?}"
                );
                settle(&mut side, &mut events);
                std::thread::sleep(Duration::from_millis(50));
            }
        });
    }
}

#[test]
fn a_redirection_to_the_file_is_followed() {
    let shelf = Shelf::new();
    let mut types = Types::new(&shelf);
    let game = types.propose(GameType::CANNON, 0);
    let (game, kept, server) = (params(&types, game), folder(), FileServer::start());
    let file = name(shelf.prestate(FIRST), "bin.gz");
    let bytes = shelf.state(FIRST, folder().path(), "bin.gz");
    server.put("/moved", Reply::File(bytes));
    server.put(&format!("/{file}"), Reply::Redirect("/moved".into()));
    scope(|scope| {
        let sources = from_urls([(None, url(&server, ""))]);
        let mut source = source(sources, kept.path(), &shelf, &types.chain, TRUTH, scope);
        found(&mut source, &game);
    });
}

#[test]
fn each_type_has_its_own_server_first() {
    let shelf = Shelf::new();
    let mut types = Types::new(&shelf);
    types.set(GameType::CANNON_KONA, &shelf, RISCV);
    types.set(GameType::PERMISSIONED, &shelf, SECOND);
    let [all, cannon, kona] = [(); 3].map(|()| FileServer::start());
    let kept = folder();
    let urls = [
        (None, url(&all, "")),
        (Some(GameType::CANNON), url(&cannon, "")),
        (Some(GameType::CANNON_KONA), url(&kona, "")),
    ];
    scope(|scope| {
        let sources = from_urls(urls);
        let mut source = source(sources, kept.path(), &shelf, &types.chain, TRUTH, scope);
        let mut asked = |game_type| {
            let game = types.propose(game_type, 0);
            answer(&mut source, &params(&types, game)).expect_err("nobody has it");
            let asked = |server: &FileServer| !std::mem::take(&mut server.files().asked).is_empty();
            [&all, &cannon, &kona].map(asked)
        };
        assert_eq!(asked(GameType::CANNON), [true, true, false]);
        assert_eq!(asked(GameType::CANNON_KONA), [true, false, true]);
        // As op-challenger has it.
        assert_eq!(asked(GameType::PERMISSIONED), [true, true, false]);
    });
}

#[test]
fn damaged_and_wrong_files_of_folders_are_not_taken() {
    let shelf = Shelf::new();
    let mut types = Types::new(&shelf);
    let game = types.propose(GameType::CANNON, 0);
    let game = params(&types, game);
    let (given, kept) = (folder(), folder());
    let file = name(shelf.prestate(FIRST), "bin.gz");
    let place = given.path().join(&file);
    let good = shelf.state(FIRST, folder().path(), "bin.gz");
    let wrong = shelf.state(SECOND, folder().path(), "bin.gz");
    scope(|scope| {
        let sources = PrestateSources {
            folders: [(None, given.path().to_owned())].into_iter().collect(),
            ..PrestateSources::default()
        };
        let mut source = source(sources, kept.path(), &shelf, &types.chain, TRUTH, scope);
        let mut why = || source.of(&game).map(drop).expect_err("it is not there");
        assert!(
            why().why.ends_with("has no file of it") && !why().is_final,
            "{:?}",
            why()
        );
        for (bytes, text) in [
            (&wrong, "its state hash is 0x03"),
            (&b"?".to_vec(), "cannot be used"),
        ] {
            std::fs::write(&place, bytes).expect("it is written");
            assert!(why().why.contains(text), "{:?}", why());
            assert!(names(kept.path()).is_empty());
        }
        // What is kept and damaged is taken from the folder again.
        std::fs::write(&place, &good).expect("it is written");
        std::fs::write(kept.path().join(&file), b"?").expect("it is written");
        assert!(source.of(&game).is_ok());
        assert_eq!(
            std::fs::read(kept.path().join(&file)).expect("it is there"),
            good
        );
    });
}

#[test]
fn a_pre_state_that_none_can_be_is_never_looked_for() {
    let shelf = Shelf::new();
    let mut types = Types::new(&shelf);
    let dead = Params {
        game_type: 1,
        absolute_prestate: B256::left_padding_from(&[0xde, 0xad]),
        ..types.params().clone()
    };
    types.set_params(&dead, FIRST);
    let permissioned = types.propose(GameType::PERMISSIONED, 0);
    let dead = Params {
        game_type: 0,
        ..dead
    };
    types.set_params(&dead, FIRST);
    let cannon = types.propose(GameType::CANNON, 0);
    let (server, kept) = (FileServer::start(), folder());
    scope(|scope| {
        let sources = from_urls([(None, url(&server, ""))]);
        let mut source = source(sources, kept.path(), &shelf, &types.chain, TRUTH, scope);
        // Its two players need no program: it is played down to the outputs.
        assert!(source.of(&params(&types, permissioned)).is_ok());
        let why = source
            .of(&params(&types, cannon))
            .map(drop)
            .expect_err("no program");
        assert!(
            why.is_final && why.why.ends_with("no program has that pre-state"),
            "{why}"
        );
    });
    assert!(server.files().asked.is_empty());
}

#[test]
fn a_file_that_is_replaced_later_does_not_play() {
    let shelf = Shelf::new();
    let mut types = Types::new(&shelf);
    let game = types.propose(GameType::CANNON, 0);
    let (kept, chain) = (folder(), types.chain.clone());
    let file = kept.path().join("program");
    std::fs::copy(shelf.file(FIRST), &file).expect("a copy");
    scope(|scope| {
        let files = |path: &Path| PrestateSources {
            files: vec![path.to_owned()],
            ..PrestateSources::default()
        };
        let honest = source(files(&file), kept.path(), &shelf, &chain, TRUTH, scope);
        let liar = source(
            files(&shelf.file(FIRST)),
            kept.path(),
            &shelf,
            &chain,
            LIE,
            scope,
        );
        let mut honest = side(&types, HONEST, honest, Strategy::Honest);
        let mut liar = side(&types, CHEAT, liar, cheat(100));
        let (mut events, mut others) = (Vec::new(), Vec::new());
        settle(&mut honest, &mut events);
        std::fs::copy(shelf.file(SECOND), &file).expect("a copy");
        for _ in 0..12 {
            chain.advance(600);
            settle(&mut honest, &mut events);
            settle(&mut liar, &mut others);
        }
        let troubles = events.iter().filter(|event| event.event == Name::Trouble);
        let of_game = troubles.filter(|event| event.game == Some(game));
        let texts: Vec<_> = of_game.map(|event| &event.why).collect();
        assert!(!texts.is_empty(), "{events:#?}");
        let changed = texts.iter().all(|why| why.contains("has pre-state 0x03"));
        assert!(changed, "{texts:?}");
    });
}

/// The first program's server goes away while its game is open, and comes back.
#[test]
fn games_go_on_when_their_program_is_no_longer_to_be_had() {
    let shelf = Shelf::new();
    let mut types = Types::new(&shelf);
    let first = types.propose(GameType::CANNON, 0);
    let (server, kept, chain) = (FileServer::start(), folder(), types.chain.clone());
    for program in [FIRST, SECOND] {
        let bytes = shelf.state(program, folder().path(), "bin.gz");
        let path = format!("/{}", name(shelf.prestate(program), "bin.gz"));
        server.put(&path, Reply::File(bytes));
    }
    let mut events = Vec::new();
    scope(|scope| {
        let sources = from_urls([(None, url(&server, ""))]);
        let honest = source(sources, kept.path(), &shelf, &chain, TRUTH, scope);
        let mut honest = side(&types, HONEST, honest, Strategy::Honest);
        let files = PrestateSources {
            files: vec![shelf.file(FIRST), shelf.file(SECOND)],
            folders: ByType::default(),
            ..PrestateSources::default()
        };
        let other = folder();
        let liar = source(files, other.path(), &shelf, &chain, LIE, scope);
        let mut liar = side(&types, CHEAT, liar, cheat(100));
        let mut others = Vec::new();
        while playing(&events) == 0 {
            settle(&mut honest, &mut events);
        }
        // Nothing is run before the claims are about states.
        let replies = std::mem::take(&mut server.files().replies);
        server.files().otherwise = Some(Reply::HangUp);
        types.set(GameType::CANNON, &shelf, SECOND);
        let second = types.propose(GameType::CANNON, 1);
        let mut play = |rounds: usize, events: &mut Vec<Event>| {
            for _ in 0..rounds {
                chain.advance(600);
                settle(&mut honest, events);
                chain.advance(600);
                settle(&mut liar, &mut others);
            }
        };
        play(20, &mut events);
        let of_second = |event: &&Event| event.game == Some(second) && event.event == Name::Left;
        let left: Vec<_> = events
            .iter()
            .filter(of_second)
            .map(|event| &event.why)
            .collect();
        assert_eq!(left.len(), 2, "{left:?}");
        assert!(left[1].contains("does not answer"), "{left:?}");
        server.files().replies = replies;
        std::thread::sleep(Duration::from_millis(700));
        play(20, &mut events);
        let found = events.iter().filter(|event| event.event == Name::Found);
        let found: Vec<_> = found.map(|event| event.game).collect();
        assert_eq!(found, [Some(first), Some(second)]);
        chain.advance(2 * CLOCK);
        settle(&mut honest, &mut events);
        chain.advance(DELAY);
        settle(&mut honest, &mut events);
        for game in [first, second] {
            check(&chain, game);
        }
    });
}
