//! A request may be dropped at any moment. It leaves no open transaction behind, and what it commits is
//! committed.

use std::time::Duration;

use futures_util::poll;
use self_shared::database::lanes;
use self_shared::domain::job::Lane;
use self_shared::domain::{UserId, new_id};
use tokio::time::{sleep, timeout};

use crate::schema::{Schema, person};

#[tokio::test]
async fn a_request_that_is_dropped_while_it_begins_leaves_no_open_transaction() {
    let schema = Schema::new().await;
    let database = schema.connect();
    for drops_after in (0..100).map(|step| Duration::from_micros(20 * step)) {
        let _ = timeout(drops_after, database.as_user(UserId(new_id()))).await;
        let mut tx = database.as_system().await.unwrap();
        assert_eq!(person(&mut tx).await, "", "dropped after {drops_after:?}");
        tx.commit().await.unwrap();
    }
    schema.remove().await;
}

#[tokio::test]
async fn a_commit_whose_request_is_dropped_is_carried_out() {
    let schema = Schema::new().await;
    let database = schema.connect();
    for lane in [Lane::Audio, Lane::Text, Lane::Files] {
        let mut tx = database.as_system().await.unwrap();
        lanes::set(&mut tx, lane, true, None).await.unwrap();
        {
            let commit = std::pin::pin!(tx.commit());
            assert!(poll!(commit).is_pending(), "it was carried out at once");
        }
        let is_committed = async {
            loop {
                let mut tx = database.as_system().await.unwrap();
                if lanes::get(&mut tx, lane).await.unwrap().paused {
                    break;
                }
                drop(tx);
                sleep(Duration::from_millis(10)).await;
            }
        };
        timeout(Duration::from_secs(60), is_committed).await.expect("the commit");
    }
    schema.remove().await;
}
