//! Which pause belongs to which cut: the cheapest way through all of them, by dynamic programming.

use std::ops::Range;

use super::pauses::Pauses;

/// A phrase may take longer or shorter than its words need by this share of itself …
const TOLERANCE: f32 = 0.3;
/// … and by so many frames, whatever its length.
const SLACK: f32 = 20.0;
/// What a pause of [`LONG_PAUSE`] frames or more speaks for a cut; shorter ones in proportion.
const REWARD: f32 = 3.0;
const LONG_PAUSE: usize = 40;
/// What it costs to cut where nobody pauses.
const NO_PAUSE: f32 = 4.0;

/// A place where a cut could be.
struct Candidate {
    /// From the end of what comes before to the start of what comes behind, in frames.
    cut: Range<usize>,
    /// Frames of voice before it.
    voiced: f32,
    /// What speaks against it.
    cost: f32,
}

/// The cuts between phrases of these weights: one fewer than there are phrases, in order.
pub(super) fn align(weights: &[f32], pauses: &Pauses) -> Vec<Range<usize>> {
    let cuts = weights.len().saturating_sub(1);
    if cuts == 0 {
        return Vec::new();
    }
    let voice = pauses.voiced_before(pauses.frames) as f32;
    let total: f32 = weights.iter().sum::<f32>().max(f32::EPSILON);
    let needs: Vec<f32> = weights.iter().map(|weight| voice * weight / total).collect();
    let candidates = candidates(&needs, pauses);

    // cheapest[c]: of all ways to lay the cuts so far, with the last of them at candidate c.
    let mut cheapest: Vec<f32> =
        candidates.iter().map(|place| place.cost + misfit(place.voiced, needs[0])).collect();
    let mut came_from: Vec<Vec<usize>> = Vec::with_capacity(cuts);
    for need in &needs[1..cuts] {
        let step = |to: usize| {
            (0..to)
                .map(|from| {
                    let took = candidates[to].voiced - candidates[from].voiced;
                    (cheapest[from] + misfit(took, *need), from)
                })
                .min_by(|one, other| one.0.total_cmp(&other.0))
                .map_or((f32::INFINITY, 0), |(cost, from)| (cost + candidates[to].cost, from))
        };
        let (costs, origins) = (0..candidates.len()).map(step).unzip();
        cheapest = costs;
        came_from.push(origins);
    }
    let last = needs[cuts];
    let end = |at: &usize| cheapest[*at] + misfit(voice - candidates[*at].voiced, last);
    let mut at = (0..candidates.len()).min_by(|one, other| end(one).total_cmp(&end(other))).unwrap_or(0);
    let mut path = vec![at];
    for origins in came_from.iter().rev() {
        at = origins[at];
        path.push(at);
    }
    path.into_iter().rev().map(|at| candidates[at].cut.clone()).collect()
}

/// The pauses, and for each cut the place where it belongs by the share of the words.
fn candidates(needs: &[f32], pauses: &Pauses) -> Vec<Candidate> {
    let mut candidates: Vec<Candidate> = pauses
        .pauses
        .iter()
        .map(|pause| Candidate {
            cut: pause.clone(),
            voiced: pauses.voiced_before(pause.start) as f32,
            cost: -REWARD * pause.len().min(LONG_PAUSE) as f32 / LONG_PAUSE as f32,
        })
        .collect();
    let mut voiced = 0.0;
    for need in &needs[..needs.len() - 1] {
        voiced += need;
        let frame = pauses.frame_at(voiced as usize);
        candidates.push(Candidate { cut: frame..frame, voiced, cost: NO_PAUSE });
    }
    // Equal places keep the order of the cuts, so that there is always one for each.
    candidates
        .sort_by(|one, other| one.cut.start.cmp(&other.cut.start).then(one.cut.end.cmp(&other.cut.end)));
    candidates
}

/// How badly a phrase fits that takes so many frames of voice and needs so many.
fn misfit(takes: f32, needs: f32) -> f32 {
    ((takes - needs) / (TOLERANCE * needs + SLACK)).powi(2)
}
