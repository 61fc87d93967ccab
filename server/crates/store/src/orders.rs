//! Orders that hold for everybody: the stop of everything, the rules, who needs a second factor.
//!
//! Owns the table `orders`, in which each has its row, also while nobody gave it: a row that is gone
//! says that somebody took it away. *Invariant:* what somebody else wrote is never handed out as an
//! order; what follows from it instead is the caller's to say.

use crate::conn::Conn;
use crate::error::{Result, StoreError};
use crate::row::Row;
use crate::signed::{Facts, SignedRows, Trust};
use crate::sql::Sql;
use crate::store::Store;
use crate::unit::Unit;

carillon_domain::closed_list! {
    /// One order.
    Order {
        /// Nothing is sent.
        StopAll = "stop_all",
        /// How much one person may do alone.
        Rules = "rules",
        /// For which roles a second factor is demanded.
        SecondFactor = "second_factor_roles",
    }
}

/// An order as far as it is believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ordered {
    /// What was ordered, if anything was.
    As(Option<String>),
    /// Somebody else changed it, or took it away.
    Forged,
}

/// Reads everything that is signed.
pub(crate) fn select_signed() -> Sql {
    Sql::new("SELECT name, value, version, mac FROM orders")
}

/// What is signed of a row, and its code.
pub(crate) fn signed_facts(row: &Row) -> Result<(Facts, Option<Vec<u8>>)> {
    let fields = row.of("orders", "name");
    let value: Option<String> = fields.get("value")?;
    let facts = named(&fields.text("name")?)
        .maybe_text(value.as_deref())
        .number(fields.int("version")?);
    Ok((facts, fields.get("mac")?))
}

fn named(name: &str) -> Facts {
    Facts::of(SignedRows::Orders, name.as_bytes(), name.to_owned())
}

/// The columns of one order, for a statement about something else: `as_` stands before their names.
pub(crate) fn push(sql: &mut Sql, order: Order, as_: &str) {
    for (index, column) in ["name", "value", "version", "mac"].into_iter().enumerate() {
        sql.push(if index == 0 { "(SELECT " } else { ", (SELECT " })
            .push(column);
        sql.push(" FROM orders WHERE name = '").push(order.as_str());
        sql.push("') AS ").push(as_).push("_").push(column);
    }
}

/// What such columns say.
pub(crate) fn pushed(trust: &Trust, row: &Row, (order, as_): (Order, &str)) -> Result<Ordered> {
    let column = |name: &str| format!("{as_}_{name}");
    let name: Option<String> = row.get(&column("name"))?;
    let value: Option<String> = row.get(&column("value"))?;
    let version: Option<i64> = row.get(&column("version"))?;
    let code: Option<Vec<u8>> = row.get(&column("mac"))?;
    let there = name.is_some();
    let facts = named(order.as_str())
        .maybe_text(value.as_deref())
        .number(version.unwrap_or_default());
    Ok(judged(trust, &facts, code.filter(|_| there), value))
}

fn judged(trust: &Trust, facts: &Facts, code: Option<Vec<u8>>, value: Option<String>) -> Ordered {
    match trust.check(facts, code.as_deref()) {
        Ok(()) => Ordered::As(value),
        Err(_) => Ordered::Forged,
    }
}

async fn find(conn: &mut Conn<'_>, trust: &Trust, order: Order) -> Result<Ordered> {
    let mut sql = Sql::new("SELECT ");
    push(&mut sql, order, "o");
    sql.keep();
    match conn.optional(sql).await? {
        Some(row) => pushed(trust, &row, (order, "o")),
        None => Ok(Ordered::Forged),
    }
}

/// The code in such columns, if it is one of an order that was held against the log.
pub(crate) fn pushed_is_held(
    trust: &Trust,
    row: &Row,
    (order, as_): (Order, &str),
) -> Result<bool> {
    let code: Option<Vec<u8>> = row.get(&format!("{as_}_mac"))?;
    Ok(trust.is_held(order, code.as_deref()))
}

impl Store {
    /// The orders that were not held against the log since somebody changed them.
    pub async fn orders_to_hold(&self) -> Result<Vec<Order>> {
        let sql = Sql::new("SELECT name, mac FROM orders");
        let mut held = Vec::new();
        for row in self.read().await?.conn().all(sql).await? {
            let fields = row.of("orders", "name");
            let code: Option<Vec<u8>> = fields.get("mac")?;
            if let Ok(order) = fields.text("name")?.parse()
                && !self.trust.is_held(order, code.as_deref())
            {
                held.push(order);
            }
        }
        Ok(held)
    }

    /// The order has to be held against the log anew.
    pub fn let_order_go(&self, order: Order) {
        self.trust.let_go(order);
    }

    /// What was ordered.
    pub async fn order(&self, order: Order) -> Result<Ordered> {
        find(&mut self.read().await?.conn(), &self.trust, order).await
    }
}

impl Unit {
    /// What was ordered, as this unit sees it.
    pub async fn order(&mut self, order: Order) -> Result<Ordered> {
        let trust = self.trust.clone();
        find(&mut self.conn(), &trust, order).await
    }

    /// What was ordered, and its code; nobody changes it before this unit is over.
    pub async fn order_to_hold(&mut self, order: Order) -> Result<(Ordered, Option<Vec<u8>>)> {
        self.as_it_stands(SignedRows::Orders, order.as_str().as_bytes())
            .await?;
        let ordered = self.order(order).await?;
        let sql = Sql::new("SELECT mac FROM orders WHERE name = $1").arg(order.as_str());
        let row = self.conn().optional(sql).await?;
        let code = row.map(|row| row.get("mac")).transpose()?.flatten();
        Ok((ordered, code))
    }

    /// What was ordered and the number of its change, for whoever is about to order something else.
    ///
    /// # Errors
    /// Forged where somebody else wrote it.
    pub async fn order_to_change(&mut self, order: Order) -> Result<(Option<String>, i64)> {
        let Ordered::As(value) = self.order(order).await? else {
            return Err(StoreError::Forged(
                self.trust.remember(&named(order.as_str())),
            ));
        };
        let sql = Sql::new("SELECT version FROM orders WHERE name = $1").arg(order.as_str());
        let version = self.conn().number(sql, "version").await?;
        Ok((value, version))
    }

    /// From now on the order counts with this code: it is what the log says.
    pub fn order_is_held(&self, order: Order, code: Vec<u8>) {
        self.trust.hold(order, code);
    }

    /// Orders something else, or nothing any more. Forged where somebody else wrote the last one.
    pub async fn set_order(&mut self, order: Order, value: Option<&str>) -> Result<()> {
        // Before it is true: whoever puts the row of before back at once is found by it.
        self.trust.let_go(order);
        let sql = Sql::new("UPDATE orders SET value = $2, version = version + 1 WHERE name = $1");
        let sql = sql.arg(order.as_str()).arg(value);
        let of_row = (SignedRows::Orders, order.as_str().as_bytes());
        match self.change_signed(of_row, sql).await? {
            0 => {
                let facts = named(order.as_str());
                Err(StoreError::Forged(self.trust.remember(&facts)))
            }
            _ => Ok(()),
        }
    }

    /// Orders something whatever stands there: nothing of that is left. For what only takes.
    pub async fn overwrite_order(&mut self, order: Order, value: Option<&str>) -> Result<()> {
        self.trust.let_go(order);
        let sql = Sql::new(
            "INSERT INTO orders (name, value, version) VALUES ($1, $2, 0) \
             ON CONFLICT (name) DO UPDATE SET value = excluded.value, version = orders.version + 1",
        );
        let sql = sql.arg(order.as_str()).arg(value);
        self.conn().execute(sql).await?;
        self.sign_now(SignedRows::Orders, order.as_str().as_bytes())
            .await
    }

    /// Puts an order back that is not there any more, as one that nobody gave; `false` where it is.
    pub async fn restore_order(&mut self, order: Order) -> Result<bool> {
        let sql = Sql::new(
            "INSERT INTO orders (name, value, version) VALUES ($1, NULL, 0) \
             ON CONFLICT (name) DO NOTHING",
        );
        let put = self.conn().execute(sql.arg(order.as_str())).await? > 0;
        if put {
            self.sign_now(SignedRows::Orders, order.as_str().as_bytes())
                .await?;
        }
        Ok(put)
    }
}
