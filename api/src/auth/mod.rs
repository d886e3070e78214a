//! Authentication: registration, login, sessions and their tokens.
//!
//! A session is one login on one device. It issues access tokens (ten minutes) and has a chain of refresh
//! tokens, each valid for one exchange. The successor of a refresh token is derived from it: a client that
//! lost the answer may ask again within ten seconds and gets the same successor. A used token that comes
//! later was stolen, or its successor was, so the session ends for both parties.

mod login_throttle;
mod passwords;
mod tokens;

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use poem::Request;
use poem_openapi::SecurityScheme;
use poem_openapi::auth::Bearer;
use secrecy::SecretString;
use self_shared::bus::Bus;
use self_shared::config::ApiConfig;
use self_shared::database::Database;
use self_shared::database::erasures::{self, Erasure};
use self_shared::database::jobs;
use self_shared::database::sessions::{self, Revocation};
use self_shared::database::users::{self, User};
use self_shared::domain::job::{EraseUser, Job};
use self_shared::domain::{UserId, new_id};
use self_shared::redis::buckets::Buckets;
use uuid::Uuid;

pub use login_throttle::LoginThrottle;
pub use passwords::Passwords;
pub use tokens::{AccessTokens, Opaque};

use crate::problem::{Code, Problem};

/// A session that is not used for this long ends.
const SESSION_LIFE: Duration = Duration::from_hours(30 * 24);
/// How long a used refresh token gives the same successor again.
const RETRY: chrono::TimeDelta = chrono::TimeDelta::seconds(10);
/// How long a ticket can open a socket.
const TICKET_LIFE: Duration = Duration::from_secs(30);

/// The authenticated person, and their session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The person.
    pub user: UserId,
    /// The session: their login on one device.
    pub session: Uuid,
}

/// The access token of a session: `Authorization: Bearer <access_token>`. Register, log in or refresh
/// to get one. It is valid for ten minutes.
#[derive(SecurityScheme)]
#[oai(rename = "access_token", ty = "bearer", bearer_format = "JWT", checker = "authenticate")]
pub struct Caller(pub Identity);

async fn authenticate(request: &Request, bearer: Bearer) -> poem::Result<Identity> {
    let auth =
        request.data::<Auth>().ok_or_else(|| Problem::internal(anyhow::anyhow!("no auth in the request")))?;
    Ok(auth.authenticate(&bearer.token).await?)
}

/// The tokens that a client gets for a session.
pub struct Tokens {
    /// The access token, for every request.
    pub access: String,
    /// How long the access token is valid.
    pub expires_in: Duration,
    /// The refresh token, for the next pair.
    pub refresh: Opaque,
}

/// Authentication and sessions. Cheap to clone.
#[derive(Clone)]
pub struct Auth {
    database: Database,
    bus: Bus,
    access: Arc<AccessTokens>,
    refresh_secret: SecretString,
    passwords: Passwords,
    /// Counts failed logins.
    pub login_throttle: LoginThrottle,
}

impl Auth {
    /// Creates it with the secrets of the configuration.
    #[must_use]
    pub fn new(config: &ApiConfig, database: Database, bus: Bus, buckets: Buckets) -> Self {
        Self {
            database,
            bus,
            access: Arc::new(AccessTokens::new(&config.jwt_secret)),
            refresh_secret: config.jwt_refresh_secret.clone(),
            passwords: Passwords::default(),
            login_throttle: LoginThrottle::shared(buckets),
        }
    }

    /// Registers a person and opens their first session.
    ///
    /// The answer reveals that an e-mail address is taken. Only a confirmation by e-mail could hide this,
    /// and an installation without a mail server cannot send one. To prevent trying a list of addresses,
    /// such an answer costs a whole password hash and counts as a failed attempt.
    ///
    /// # Errors
    /// [`Code::EmailTaken`], [`Code::Overloaded`].
    pub async fn register(
        &self,
        email: &str,
        name: &str,
        password: String,
        user_agent: &str,
    ) -> Result<(User, Tokens), Problem> {
        let hash = self.passwords.hash(password).await?;
        let mut tx = self.database.as_system().await?;
        let user = users::create(&mut tx, UserId(new_id()), email, name, &hash).await?.ok_or_else(|| {
            Problem::new(Code::EmailTaken, "log in, or register with another e-mail address")
        })?;
        let tokens = self.open(&mut tx, UserId(user.id), user_agent).await?;
        tx.commit().await?;
        Ok((user, tokens))
    }

    /// Opens a session for an e-mail address and its password. An unknown address and a wrong password have
    /// the same answer and take the same time.
    ///
    /// # Errors
    /// [`Code::InvalidCredentials`], [`Code::Overloaded`].
    pub async fn login(
        &self,
        email: &str,
        password: String,
        user_agent: &str,
    ) -> Result<(User, Tokens), Problem> {
        let mut tx = self.database.as_system().await?;
        let known = users::credentials(&mut tx, email).await?;
        // No connection is held while the hash is computed.
        drop(tx);
        let (user, hash) = known.map(|known| (known.user, known.password_hash)).unzip();
        let matches = self.passwords.verify(password, hash).await?;
        let Some(user) = user.filter(|_| matches) else {
            return Err(Problem::new(Code::InvalidCredentials, "check both, or register"));
        };
        let mut tx = self.database.as_system().await?;
        let tokens = self.open(&mut tx, UserId(user.id), user_agent).await?;
        tx.commit().await?;
        Ok((user, tokens))
    }

    async fn open(
        &self,
        tx: &mut self_shared::database::SystemTx,
        user: UserId,
        user_agent: &str,
    ) -> Result<Tokens, Problem> {
        let (now, session, refresh) = (Utc::now(), new_id(), Opaque::random());
        sessions::open(tx, session, user, user_agent, &refresh.hash(), now, now + SESSION_LIFE).await?;
        self.tokens(Identity { user, session }, refresh, now)
    }

    fn tokens(&self, identity: Identity, refresh: Opaque, now: DateTime<Utc>) -> Result<Tokens, Problem> {
        let access = self.access.issue(identity, now).map_err(Problem::internal)?;
        Ok(Tokens { access, expires_in: tokens::access::LIFE, refresh })
    }

    /// Exchanges a refresh token for the next pair.
    ///
    /// # Errors
    /// [`Code::InvalidRefreshToken`]: unknown, expired, revoked, or used before.
    pub async fn refresh(&self, presented: Opaque) -> Result<Tokens, Problem> {
        let invalid = || Problem::new(Code::InvalidRefreshToken, "log in again");
        let (now, hash) = (Utc::now(), presented.hash());
        let successor = presented.successor(&self.refresh_secret);

        let mut tx = self.database.as_system().await?;
        let token = sessions::lock_refresh_token(&mut tx, &hash).await?.ok_or_else(invalid)?;
        if token.revoked || token.expires_at <= now {
            return Err(invalid());
        }
        let identity = Identity { user: UserId(token.user_id), session: token.session_id };
        match token.used_at {
            None => {
                let ends = now + SESSION_LIFE;
                sessions::exchange(&mut tx, &token, &hash, &successor.hash(), now, ends).await?;
            }
            Some(used_at) if now - used_at <= RETRY => {}
            Some(_) => {
                sessions::revoke(&mut tx, token.session_id, Revocation::Replay, now).await?;
                tx.commit().await?;
                self.bus.publish_session_ended(identity.user, identity.session).await;
                tracing::warn!(user = %identity.user, session = %identity.session, "a used refresh token came back; the session is over");
                return Err(invalid());
            }
        }
        tx.commit().await?;
        self.tokens(identity, successor, now)
    }

    /// Ends the session and closes its sockets.
    pub async fn logout(&self, identity: Identity) -> Result<(), Problem> {
        let mut tx = self.database.as_system().await?;
        sessions::revoke(&mut tx, identity.session, Revocation::Logout, Utc::now()).await?;
        tx.commit().await?;
        self.bus.publish_session_ended(identity.user, identity.session).await;
        Ok(())
    }

    /// Ends a session of the person and closes its sockets.
    ///
    /// # Errors
    /// [`Code::NotFound`] if the person has no such session.
    pub async fn end(&self, identity: Identity, session: Uuid) -> Result<(), Problem> {
        let (mut tx, now) = (self.database.as_system().await?, Utc::now());
        if sessions::live(&mut tx, session, now).await? != Some(identity.user) {
            return Err(Problem::not_found("session"));
        }
        sessions::revoke(&mut tx, session, Revocation::Ended, now).await?;
        tx.commit().await?;
        self.bus.publish_session_ended(identity.user, session).await;
        Ok(())
    }

    /// Ends all sessions of the person except this one.
    pub async fn end_others(&self, identity: Identity) -> Result<(), Problem> {
        let mut tx = self.database.as_system().await?;
        let Identity { user, session } = identity;
        let ended = sessions::revoke_others(&mut tx, user, session, Revocation::Ended, Utc::now()).await?;
        tx.commit().await?;
        self.close_sockets(user, &ended).await;
        Ok(())
    }

    /// Checks the person's password.
    ///
    /// # Errors
    /// [`Code::Overloaded`].
    pub async fn is_password(&self, user: UserId, password: String) -> Result<bool, Problem> {
        let mut tx = self.database.as_system().await?;
        let hash = users::password_hash(&mut tx, user).await?;
        drop(tx);
        self.passwords.verify(password, hash).await
    }

    /// Changes the person's password and ends all sessions except this one: somebody who knew the old
    /// password may use the others.
    ///
    /// # Errors
    /// [`Code::Overloaded`].
    pub async fn change_password(&self, identity: Identity, password: String) -> Result<(), Problem> {
        let hash = self.passwords.hash(password).await?;
        let Identity { user, session } = identity;
        let mut tx = self.database.as_system().await?;
        users::change_password(&mut tx, user, &hash).await?;
        let ended = sessions::revoke_others(&mut tx, user, session, Revocation::Password, Utc::now()).await?;
        tx.commit().await?;
        self.close_sockets(user, &ended).await;
        Ok(())
    }

    /// Starts to erase a person: all sessions end for good, and a job is enqueued that deletes the data.
    pub async fn erase(&self, identity: Identity, traceparent: Option<&str>) -> Result<Erasure, Problem> {
        let user = identity.user;
        let mut tx = self.database.as_system().await?;
        let (erasure, ended) = erasures::begin(&mut tx, user).await?;
        jobs::cancel_all(&mut tx, user, jobs::CancelScope::Person).await?;
        let job = Job::EraseUser(EraseUser { user, erasure_id: erasure.id });
        jobs::enqueue(&mut tx, None, &job, 0, traceparent).await?;
        tx.commit().await?;
        self.close_sockets(user, &ended).await;
        Ok(erasure)
    }

    async fn close_sockets(&self, user: UserId, sessions: &[Uuid]) {
        for session in sessions {
            self.bus.publish_session_ended(user, *session).await;
        }
    }

    /// Authenticates an access token. The session is read each time: an ended session is refused at once,
    /// even while its token is valid.
    ///
    /// # Errors
    /// [`Code::Unauthenticated`].
    pub async fn authenticate(&self, access_token: &str) -> Result<Identity, Problem> {
        let now = Utc::now();
        let refused = |detail: &'static str| Problem::new(Code::Unauthenticated, detail).invalid_token();
        let identity = self
            .access
            .read(access_token, now)
            .ok_or_else(|| refused("the access token is not valid, or no longer; refresh it or log in"))?;
        if self.is_live(identity).await? {
            Ok(identity)
        } else {
            Err(refused("the session has ended; log in again"))
        }
    }

    /// Whether a session still exists. Open sockets ask this when they may have missed its end.
    pub async fn is_live(&self, identity: Identity) -> Result<bool, Problem> {
        let mut tx = self.database.as_system().await?;
        let user = sessions::live(&mut tx, identity.session, Utc::now()).await?;
        Ok(user == Some(identity.user))
    }

    /// Issues a ticket that opens one socket within 30 seconds, for browsers, which cannot send a header
    /// with it.
    pub async fn issue_ticket(&self, identity: Identity) -> Result<(Opaque, Duration), Problem> {
        let (ticket, now) = (Opaque::random(), Utc::now());
        let mut tx = self.database.as_system().await?;
        let ends = now + TICKET_LIFE;
        sessions::issue_ticket(&mut tx, &ticket.hash(), identity.user, identity.session, now, ends).await?;
        tx.commit().await?;
        Ok((ticket, TICKET_LIFE))
    }

    /// Redeems a ticket; none if it is invalid, expired or already used.
    pub async fn redeem_ticket(&self, ticket: &Opaque) -> Result<Option<Identity>, Problem> {
        let mut tx = self.database.as_system().await?;
        let taken = sessions::redeem_ticket(&mut tx, &ticket.hash(), Utc::now()).await?;
        tx.commit().await?;
        let Some((user, session)) = taken else { return Ok(None) };
        let identity = Identity { user, session };
        Ok(self.is_live(identity).await?.then_some(identity))
    }
}
