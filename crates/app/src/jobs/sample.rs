//! Down-sampling of a metrics history so that its extremes survive.

/// Indices, rising, of about `wanted` of `count` points: the first, the last, and of each stretch in between the least and the greatest of
/// each series. `series` answers a point's value, where it has one, for each of `kinds` series.
pub fn extremes(count: usize, wanted: usize, kinds: usize, series: impl Fn(usize, usize) -> Option<f64>) -> Vec<usize> {
    if count <= wanted.max(2) {
        return (0..count).collect();
    }
    let stretches = (wanted.saturating_sub(2) / (2 * kinds.max(1))).max(1);
    let mut kept = vec![0, count - 1];
    for stretch in 0..stretches {
        // The points between the two ends, in `stretches` nearly equal parts.
        let (from, to) = (1 + stretch * (count - 2) / stretches, 1 + (stretch + 1) * (count - 2) / stretches);
        for kind in 0..kinds {
            let values = || (from..to).filter_map(|i| series(i, kind).map(|v| (i, v)));
            kept.extend(values().min_by(|a, b| a.1.total_cmp(&b.1)).map(|(i, _)| i));
            kept.extend(values().max_by(|a, b| a.1.total_cmp(&b.1)).map(|(i, _)| i));
        }
    }
    kept.sort_unstable();
    kept.dedup();
    kept
}

#[cfg(test)]
mod tests {
    use super::extremes;

    /// Numbers that look random and are the same every time.
    fn noise(seed: u64) -> impl FnMut() -> u64 {
        let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
        move || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state
        }
    }

    #[test]
    fn of_any_history_the_ends_and_the_extremes_of_every_stretch_survive() {
        for case in 0..400 {
            let mut next = noise(case + 1);
            let (count, wanted) = (usize::try_from(next() % 700).expect("small"), usize::try_from(next() % 90).expect("small"));
            let values: Vec<[Option<f64>; 2]> = (0..count)
                .map(|_| {
                    let training = f64::from(u32::try_from(next() % 1000).expect("small")) / 100.0;
                    [(!next().is_multiple_of(9)).then_some(training), next().is_multiple_of(20).then_some(training * 2.0)]
                })
                .collect();
            let kept = extremes(count, wanted, 2, |i, kind| values[i][kind]);
            assert!(kept.windows(2).all(|pair| pair[0] < pair[1]) && kept.iter().all(|i| *i < count), "case {case}");
            assert!(kept.len() <= wanted.max(6) || count <= wanted.max(2), "case {case}: {}", kept.len());
            if count > 0 {
                assert!(kept.contains(&0) && kept.contains(&(count - 1)), "case {case}");
            }
            for kind in 0..2 {
                let all = || values.iter().filter_map(|v| v[kind]);
                let found = || kept.iter().filter_map(|i| values[*i][kind]);
                assert_eq!(all().reduce(f64::min), found().reduce(f64::min), "case {case}");
                assert_eq!(all().reduce(f64::max), found().reduce(f64::max), "case {case}");
            }
        }
    }

    #[test]
    fn a_spike_survives_and_few_points_stay() {
        let spike = |i: usize, kind: usize| match kind {
            0 => Some(if i == 777 { 9.0 } else { 1.0 }),
            _ => (i == 500).then_some(0.1),
        };
        let kept = extremes(1000, 50, 2, spike);
        assert!(kept.contains(&777) && kept.contains(&500) && kept.contains(&0) && kept.contains(&999));
        assert!(kept.len() <= 52 && kept.is_sorted(), "{}", kept.len());
        assert_eq!(extremes(3, 50, 2, spike), vec![0, 1, 2]);
        assert_eq!(extremes(0, 0, 1, spike), Vec::<usize>::new());
    }
}
