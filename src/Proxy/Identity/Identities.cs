using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Sallyport.Proxy.Cluster;
using Sallyport.Proxy.Identity.Revocations;
using Sallyport.Proxy.Logging;
using Sallyport.Proxy.Store;
using Sallyport.Proxy.Store.Entities;

namespace Sallyport.Proxy.Identity;

/// <summary>An identity as the store knows it now, or why it is none any more.</summary>
/// <param name="Refusal">A word of <see cref="Refusals"/>; null when it still holds.</param>
/// <param name="NextChange">When it must be looked at again by itself.</param>
internal readonly record struct CurrentIdentity(Contract.Identity? Identity, string? Refusal, DateTimeOffset NextChange);

/// <summary>
/// What a proof said, held against what the store knows now. For the broker's own identities the store is the truth: whoever was disabled or
/// removed is refused, and a group counts only while the membership lasts. Identities of other issuers keep the groups their issuer names; they
/// are refused when the store knows the person, by that issuer, as disabled.
/// <para>What was looked up is kept in memory until an event says that it changed, so that logins do not wait for the store.</para>
/// </summary>
internal sealed class Identities : IDisposable
{
    /// <summary>Subjects per generation: about 500 bytes each.</summary>
    private const int Generation = 16 * 1024;

    private readonly IStateStore _store;
    private readonly ICluster _cluster;
    private readonly string _broker;
    private readonly TimeProvider _time;
    private readonly Log _log;
    private readonly Generations<(string Issuer, string Subject), Entry> _known = new(Generation);
    private IDisposable? _subscription;
    private long _changes;

    /// <param name="broker">The broker's address.</param>
    public Identities(IStateStore store, ICluster cluster, string broker, TimeProvider time, Log log)
    {
        _store = store;
        _cluster = cluster;
        _broker = broker;
        _time = time;
        _log = log;
    }

    /// <summary>Told of each subject that changed, null for any; on the thread pool.</summary>
    public event Func<string?, CancellationToken, Task>? Changed;

    /// <summary>Names of the configured issuers by their addresses: providers of users go by names.</summary>
    public FrozenDictionary<string, string> IssuerNames { get; set; } = FrozenDictionary<string, string>.Empty;

    /// <summary>Listens for changes.</summary>
    public void Start() => _subscription = _cluster.Subscribe(ClusterEvents.IdentityChanged, HeardAsync);

    /// <summary>Tells every node that a subject's groups or its state changed: live sessions follow within a second.</summary>
    public Task GroupsChangedAsync(string subject, CancellationToken cancel) =>
        _cluster.PublishAsync(ClusterEvents.IdentityChanged, JsonSerializer.Serialize(new { subject }), cancel);

    /// <summary>The identity as it is now. While the store cannot be reached: by what was last known, and as the proof said where nothing was.</summary>
    public async ValueTask<CurrentIdentity> CurrentAsync(Contract.Identity proven, CancellationToken cancel)
    {
        DateTimeOffset now = _time.GetUtcNow();
        if (await FindAsync(proven.Issuer, proven.Subject, cancel).ConfigureAwait(false) is not { } subject)
            return new CurrentIdentity(proven, null, now);
        if (proven.Issuer != _broker)
            return subject.Disabled ? new CurrentIdentity(null, Refusals.Disabled, now) : new CurrentIdentity(proven, null, DateTimeOffset.MaxValue);

        var chain = new List<SubjectState> { subject };
        foreach (string principal in proven.ActingFor)
        {
            if (await FindAsync(_broker, principal, cancel).ConfigureAwait(false) is not { } found)
                return new CurrentIdentity(proven, null, now);
            chain.Add(found);
        }

        string? refusal = chain.Any(s => !s.Known) ? Refusals.Unknown : chain.Any(s => s.Disabled) ? Refusals.Disabled : null;
        if (refusal is not null)
            return new CurrentIdentity(null, refusal, now);
        ImmutableArray<string> groups = Groups(proven, chain, now);
        Contract.Identity current = groups.SequenceEqual(proven.Groups) ? proven : proven with { Groups = groups };
        return new CurrentIdentity(current, null, chain.Min(s => s.NextChange(now)));
    }

    /// <summary>What the store knows of one of the broker's own subjects; null: it cannot be asked, and was not before.</summary>
    public ValueTask<SubjectState?> OfBrokerAsync(string subject, CancellationToken cancel) => FindAsync(_broker, subject, cancel);

    public void Dispose() => _subscription?.Dispose();

    /// <summary>
    /// What the proof carries, as far as it is still true: of the party that is acted for, and of what each agent on the way may carry. Whoever
    /// acts for itself also has what it was given for a time since.
    /// </summary>
    private static ImmutableArray<string> Groups(Contract.Identity proven, List<SubjectState> chain, DateTimeOffset now)
    {
        HashSet<string> held = [.. chain[^1].GroupsAt(now)];
        IEnumerable<string> groups = proven.Groups.Where(held.Contains);
        foreach (SubjectState actor in chain.Take(chain.Count - 1))
        {
            if (actor.AgentGroups is { } allowed)
                groups = groups.Where(allowed.Contains);
        }

        return [.. (chain.Count == 1 ? groups.Union(chain[0].GrantedAt(now)) : groups)];
    }

    /// <summary>What is known of a subject; null: nothing, and the store cannot be asked.</summary>
    private async ValueTask<SubjectState?> FindAsync(string issuer, string subject, CancellationToken cancel)
    {
        if (_known.TryFind((issuer, subject), out Entry? entry) && entry.IsFresh)
            return entry.State;
        long changes = Interlocked.Read(ref _changes);
        try
        {
            SubjectState state = await _store.ReadAsync(
                (context, stop) => issuer == _broker ? OwnAsync(context, subject, stop) : ForeignAsync(context, issuer, subject, stop), cancel).ConfigureAwait(false);

            // What changed while it was read may have been read before the change: used, but not kept.
            var read = new Entry(state) { IsFresh = changes == Interlocked.Read(ref _changes) };
            _known.Set((issuer, subject), read);
            if (changes != Interlocked.Read(ref _changes))
                read.IsFresh = false;
            return state;
        }
        catch (StoreUnavailableException unavailable)
        {
            if (_store.IsReachable)
                _log.Warning("subject-not-looked-up", new LogField("error", unavailable.Message)); // Else the store itself says so, once.
            return entry?.State;
        }
    }

    private static async Task<SubjectState> OwnAsync(StateContext context, string subject, CancellationToken cancel)
    {
        bool? user = await context.Users.Where(u => u.Subject == subject).Select(u => (bool?)u.Disabled).FirstOrDefaultAsync(cancel).ConfigureAwait(false);
        AgentRow? agent = await context.Agents.FirstOrDefaultAsync(a => a.Name == subject, cancel).ConfigureAwait(false);

        // When the person who answers for an agent goes, it stops, whatever it holds.
        bool orphaned = agent is not null && await context.Users.AnyAsync(u => u.Subject == agent.Owner && u.Disabled, cancel).ConfigureAwait(false);
        List<MembershipRow> memberships = await context.Memberships.Where(m => m.Subject == subject).ToListAsync(cancel).ConfigureAwait(false);
        return new SubjectState
        {
            Known = user is not null || agent is not null,
            Disabled = user == true || agent is { Disabled: true } || orphaned,
            Kind = agent?.Kind ?? Contract.IdentityKind.Human,
            AgentGroups = agent is null ? null : [.. JsonSerializer.Deserialize<string[]>(agent.AllowedGroups) ?? []],
            Memberships = [.. memberships.Select(m => new SubjectState.Membership(m.Group, m.Source == "grant", m.ExpiresAt))],
        };
    }

    private async Task<SubjectState> ForeignAsync(StateContext context, string issuer, string subject, CancellationToken cancel)
    {
        string name = IssuerNames.GetValueOrDefault(issuer, issuer);
        bool? user = await context.Users.Where(u => u.ProviderSubject == subject && (u.Provider == name || u.Provider == issuer))
            .Select(u => (bool?)u.Disabled).FirstOrDefaultAsync(cancel).ConfigureAwait(false);
        return user is null ? SubjectState.None : new SubjectState { Known = true, Disabled = user.Value };
    }

    private async Task HeardAsync(ClusterEvent? heard, CancellationToken cancel)
    {
        string? subject = heard is null ? null : EventJson.Text(heard.Payload, "subject");
        Interlocked.Increment(ref _changes);

        // A provider may know the subject by another name: what is known by other issuers is looked up again whoever changed.
        foreach (((string issuer, string name), Entry entry) in _known.All())
        {
            if (subject is null || name == subject || issuer != _broker)
                entry.IsFresh = false;
        }

        if (Changed is { } changed)
            await changed(subject, cancel).ConfigureAwait(false);
    }

    private sealed class Entry(SubjectState state)
    {
        public SubjectState State => state;

        /// <summary>Nothing has been heard since it was read.</summary>
        public volatile bool IsFresh;
    }
}
