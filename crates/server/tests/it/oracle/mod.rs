//! The differential oracle: the reference SDK and chatkitd get the same requests and play the same script,
//! and what they answer must be equal, but for ids, times and the [`improvements`].
//!
//! The scripts are `fixtures/scripts`, the requests `fixtures/exchanges`.

mod chatkitd;
mod client;
mod compare;
mod coverage;
mod exchange;
mod improvements;
mod reference;
mod wire;

use chatkitd::Chatkitd;
use coverage::{Coverage, NEVER_ANSWERED};
use exchange::Exchange;
use improvements::{Improvement, Shown};
use reference::Reference;

#[tokio::test]
async fn every_exchange_reads_the_same_on_both_servers() {
    let reference = Reference::start();
    let (mut differences, mut shown, mut coverage) = (Vec::new(), Shown::new(), Coverage::default());
    for (name, exchange) in Exchange::all() {
        let script = exchange.script(&name);
        let there = reference.visitor(&name, script).play(&exchange);
        let chatkitd = Chatkitd::start(script).await;
        let (there, here) = tokio::join!(there, chatkitd.visitor().play(&exchange));
        chatkitd.stop().await;
        coverage.add(&exchange, &there);
        for (number, (request, (there, here))) in
            exchange.requests.iter().zip(there.into_iter().zip(here)).enumerate()
        {
            if let Err(difference) = compare::compare(request, there, here, &mut shown) {
                differences.push(format!("{name}, request {}: {difference}", number + 1));
            }
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n\n"));
    assert_eq!(coverage.missing(), NEVER_ANSWERED, "what no exchange shows");
    let stale: Vec<_> = Improvement::ALL.iter().filter(|improvement| !shown.contains(improvement)).collect();
    assert!(stale.is_empty(), "no exchange shows {stale:?} any more");
}
