//! What the file says of tiers and of machines: `[tiers.NAME]` and `[instances.ID]`. What it leaves out stays as it is by default.

use std::collections::BTreeMap;

use anyhow::{Result, bail};
use domain::account::{Tier, TierLimits};
use domain::catalogue::InstanceType;
use domain::money::MicroUsd;
use serde::Deserialize;

use super::Picker;

/// One request takes as much, of a folder or a bucket.
const MOST_FILE: u64 = 5 << 30;
/// USD an hour at most, as for what administrators change.
const MOST_RATE: f64 = 10_000.0;
/// FLOP/s that a machine is taken to sustain until a run was measured on it, where nothing is said.
const CAUTIOUS_TERAFLOPS: f64 = 5.0;

/// `[tiers.NAME]` in the file.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TierEntry {
    /// Jobs of one account that may run at once.
    concurrent_jobs: Option<u32>,
    /// Bytes of one uploaded file.
    max_file_size: Option<u64>,
    /// Bytes of all data sets together.
    max_storage: Option<u64>,
    /// USD a month, of an account that has no budget of its own.
    monthly_budget: Option<f64>,
}

/// `[instances.ID]` in the file: one that is known, or one that a node of the cluster stands for.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InstanceEntry {
    /// As shown.
    display_name: Option<String>,
    /// USD a device and hour, on demand.
    rate_per_hour: Option<f64>,
    /// USD a device and hour, spot.
    spot_rate_per_hour: Option<f64>,
    /// 10¹² FLOP/s that a device sustains, for estimates until a run was measured.
    teraflops: Option<f64>,
    /// Memory a device.
    memory_gib: Option<u64>,
}

/// The values in force.
#[derive(Debug, Clone)]
pub struct Offers {
    /// What each tier allows.
    pub tiers: BTreeMap<Tier, TierLimits>,
    instances: BTreeMap<String, InstanceEntry>,
}

/// Puts the values together.
pub(super) fn pick(
    picker: &mut Picker<'_>,
    tiers: BTreeMap<String, TierEntry>,
    instances: BTreeMap<String, InstanceEntry>,
) -> Result<Offers> {
    let source = |empty: bool| if empty { "default" } else { "file" };
    let mut limits: BTreeMap<Tier, TierLimits> = Tier::ALL.iter().map(|tier| (*tier, TierLimits::default())).collect();
    let none_said = tiers.is_empty();
    for (name, entry) in tiers {
        let Ok(tier) = name.parse::<Tier>() else {
            let known: Vec<&str> = Tier::ALL.iter().map(|tier| tier.as_str()).collect();
            bail!("there is no tier '{name}'; [tiers.…] can be one of {}", known.join(", "));
        };
        limits.insert(tier, entry.limits(&name)?);
    }
    for (tier, limits) in &limits {
        let budget = limits.monthly_budget.map_or_else(|| "no budget".to_owned(), |budget| format!("${:.2} a month", budget.usd()));
        let (file, all) = (limits.max_file_size, limits.max_storage);
        let shown = format!("{} jobs at once, files of {file} bytes, {all} bytes in all, {budget}", limits.concurrent_jobs);
        picker.shown.push((shown_name(*tier), shown, source(none_said)));
    }
    for (id, entry) in &instances {
        entry.check(id)?;
    }
    let ids: Vec<&str> = instances.keys().map(String::as_str).collect();
    picker.shown.push(("instances", ids.join(", "), source(instances.is_empty())));
    Ok(Offers { tiers: limits, instances })
}

const fn shown_name(tier: Tier) -> &'static str {
    match tier {
        Tier::Free => "tiers.free",
        Tier::Starter => "tiers.starter",
        Tier::Professional => "tiers.professional",
        Tier::Enterprise => "tiers.enterprise",
    }
}

impl TierEntry {
    fn limits(&self, name: &str) -> Result<TierLimits> {
        let default = TierLimits::default();
        let limits = TierLimits {
            concurrent_jobs: self.concurrent_jobs.unwrap_or(default.concurrent_jobs),
            max_file_size: self.max_file_size.unwrap_or(default.max_file_size),
            max_storage: self.max_storage.unwrap_or(default.max_storage),
            monthly_budget: self.monthly_budget.map(MicroUsd::from_usd),
        };
        if limits.concurrent_jobs == 0 {
            bail!("tiers.{name}.concurrent_jobs is 0; it must be at least 1, or no job would ever start");
        }
        if !(1..=MOST_FILE).contains(&limits.max_file_size) {
            bail!("tiers.{name}.max_file_size is {}; it must be between 1 and {MOST_FILE} bytes", limits.max_file_size);
        }
        if limits.monthly_budget.is_some_and(|budget| budget < MicroUsd::ZERO) || self.monthly_budget.is_some_and(|usd| !usd.is_finite()) {
            bail!("tiers.{name}.monthly_budget must be 0 USD or more; leave it out where there is none");
        }
        Ok(limits)
    }
}

impl InstanceEntry {
    fn check(&self, id: &str) -> Result<()> {
        if !(1..=64).contains(&id.len()) || !id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-') {
            bail!("'{id}' cannot be an instance type; its id has small letters, digits and hyphens, such as `l40s-48gb`");
        }
        for (key, rate) in [("rate_per_hour", self.rate_per_hour), ("spot_rate_per_hour", self.spot_rate_per_hour)] {
            if rate.is_some_and(|rate| !(0.0..=MOST_RATE).contains(&rate)) {
                bail!("instances.{id}.{key} must be between 0 and {MOST_RATE} USD");
            }
        }
        if self.teraflops.is_some_and(|speed| !(1e-3..=1e6).contains(&speed)) {
            bail!("instances.{id}.teraflops must be between 0.001 and 1000000");
        }
        if self.memory_gib.is_some_and(|gib| gib > 1 << 20) {
            bail!("instances.{id}.memory_gib must be at most {}", 1 << 20);
        }
        Ok(())
    }

    fn apply(&self, instance: &mut InstanceType) {
        let usd = MicroUsd::from_usd;
        instance.display_name = self.display_name.clone().unwrap_or_else(|| instance.display_name.clone());
        instance.rate_per_hour = self.rate_per_hour.map_or(instance.rate_per_hour, usd);
        instance.spot_rate_per_hour = self.spot_rate_per_hour.map(usd).or(instance.spot_rate_per_hour);
        instance.flops = self.teraflops.map_or(instance.flops, flops);
        instance.memory_bytes = self.memory_gib.map_or(instance.memory_bytes, |gib| gib << 30);
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between a thousandth and a million, times 10¹²")]
fn flops(tera: f64) -> u64 {
    (tera * 1e12) as u64
}

impl Offers {
    /// Instance types with what the file says of them, and those that only it knows: they can be used where a node stands for them.
    ///
    /// # Errors
    /// When one that is not known has no rate.
    pub fn instances(&self, mut known: Vec<InstanceType>) -> Result<Vec<InstanceType>> {
        for (id, entry) in &self.instances {
            if let Some(instance) = known.iter_mut().find(|instance| instance.id == *id) {
                entry.apply(instance);
                continue;
            }
            // Where this machine has no GPU of its own, what is said of it waits for one.
            if id == domain::catalogue::LOCAL_GPU {
                continue;
            }
            if entry.rate_per_hour.is_none() {
                bail!("instances.{id} is not known yet, so it needs a rate_per_hour");
            }
            let mut instance = InstanceType {
                id: id.clone(),
                display_name: id.clone(),
                rate_per_hour: MicroUsd::ZERO,
                spot_rate_per_hour: None,
                available: false,
                flops: flops(CAUTIOUS_TERAFLOPS),
                memory_bytes: 0,
            };
            entry.apply(&mut instance);
            known.push(instance);
        }
        Ok(known)
    }
}

#[cfg(test)]
mod tests {
    use crate::config::{Options, Settings, Sources};
    use domain::account::{Tier, TierLimits};
    use domain::catalogue::default_instances;
    use domain::money::MicroUsd;

    fn load(text: &str) -> anyhow::Result<Settings> {
        let dir = tempfile::tempdir().expect("folder");
        std::fs::write(dir.path().join("brightrun.toml"), text).expect("written");
        Settings::load(&Options { data_dir: Some(dir.path().to_owned()), ..Options::default() }, &Sources::new())
    }

    #[test]
    fn tiers_allow_what_the_file_says_and_otherwise_what_is_the_default() {
        let settings =
            load("[tiers.free]\nconcurrent_jobs = 1\nmax_file_size = 1000\nmax_storage = 5000\nmonthly_budget = 12.5\n").expect("loads");
        let free = TierLimits { concurrent_jobs: 1, max_file_size: 1000, max_storage: 5000, monthly_budget: Some(MicroUsd(12_500_000)) };
        assert_eq!((settings.offers.tiers[&Tier::Free], settings.offers.tiers[&Tier::Starter]), (free, TierLimits::default()));
        assert!(format!("{:?}", settings.shown).contains("1 jobs at once, files of 1000 bytes, 5000 bytes in all, $12.50 a month"));
        for wrong in [
            "[tiers.gold]\nconcurrent_jobs = 1\n",
            "[tiers.free]\nconcurrent_jobs = 0\n",
            "[tiers.free]\nmax_file_size = 6000000000\n",
            "[tiers.free]\nmonthly_budget = -1\n",
            "[tiers.free]\nmonthly_budget = nan\n",
            "[tiers.free]\njobs = 1\n",
        ] {
            assert!(load(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn machines_cost_what_the_file_says_and_new_ones_are_offered_where_a_node_stands_for_them() {
        let text = "[instances.h100-80gb]\nrate_per_hour = 3.9\nspot_rate_per_hour = 1.5\n\
                    [instances.l40s-48gb]\ndisplay_name = 'L40S'\nrate_per_hour = 0.8\nteraflops = 90\nmemory_gib = 48\n";
        let instances = load(text).expect("loads").offers.instances(default_instances()).expect("they can be offered");
        let find = |id: &str| instances.iter().find(|instance| instance.id == id).expect("there");
        let (known, new) = (find("h100-80gb"), find("l40s-48gb"));
        assert_eq!((known.rate_per_hour, known.spot_rate_per_hour), (MicroUsd(3_900_000), Some(MicroUsd(1_500_000))));
        assert_eq!(known.display_name, "H100 (80GB)", "what is not said stays");
        assert_eq!((new.display_name.as_str(), new.rate_per_hour, new.memory_bytes), ("L40S", MicroUsd(800_000), 48 << 30));
        assert_eq!((new.flops, new.available, instances[0].id.as_str()), (90_000_000_000_000, false, "local-cpu"));
        let nameless = load("[instances.l4]\nteraflops = 30\n").expect("loads").offers;
        assert!(nameless.instances(default_instances()).is_err(), "a machine without a price");
        for wrong in [
            "[instances.l4]\nrate_per_hour = -1\n",
            "[instances.l4]\nrate_per_hour = 1e9\n",
            "[instances.'L 4']\nrate_per_hour = 1\n",
            "[instances.l4]\nrate_per_hour = 1\nteraflops = 0\n",
            "[instances.l4]\nrate = 1\n",
        ] {
            assert!(load(wrong).is_err(), "{wrong}");
        }
    }
}
