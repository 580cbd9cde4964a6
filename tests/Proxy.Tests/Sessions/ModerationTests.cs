using Sallyport.Contract;
using Sallyport.Proxy.Sessions;
using Sallyport.Proxy.Tests.Admin;
using Sallyport.Proxy.Tests.Support;
using Xunit;

namespace Sallyport.Proxy.Tests.Sessions;

/// <summary>Sessions that somebody must watch.</summary>
public sealed class ModerationTests
{
    private readonly LoginRig.FixedPolicy _policy = new() { Limits = new SessionLimits { ModeratedBy = ["leads"] } };

    [Fact]
    public void It_stands_still_until_another_person_of_the_groups_watches_and_again_when_the_last_has_left()
    {
        LiveSession session = Session();
        Assert.True(session.Context.IsSuspended);
        Assert.Equal("unwatched", session.State);
        IDisposable first = session.Watch(Person("lea", ["leads"]));
        Assert.False(session.Context.IsSuspended);
        IDisposable second = session.Watch(Person("lou", ["leads"]));
        first.Dispose();
        first.Dispose();
        Assert.False(session.Context.IsSuspended);
        second.Dispose();
        Assert.True(session.Context.IsSuspended);
    }

    [Fact]
    public void Nobody_watches_themselves_and_strangers_and_programs_do_not_count()
    {
        LiveSession session = Session();
        using IDisposable own = session.Watch(Person("carol", ["leads"]));
        using IDisposable stranger = session.Watch(Person("sam", ["engineers"]));
        using IDisposable program = session.Watch(Person("bot", ["leads"]) with { Kind = IdentityKind.Agent });
        using IDisposable standIn = session.Watch(Person("bot", ["leads"]) with { ActingFor = ["lea"] });
        Assert.True(session.Context.IsSuspended);
    }

    [Fact]
    public void Another_cause_holds_whoever_watches()
    {
        LiveSession session = Session();
        session.Suspend(SuspensionCause.Frozen, "session/frozen", "frozen");
        using IDisposable watching = session.Watch(Person("lea", ["leads"]));
        Assert.True(session.Context.IsSuspended);
        session.Lift(SuspensionCause.Frozen);
        Assert.False(session.Context.IsSuspended);
    }

    [Fact]
    public async Task Only_a_watcher_is_waited_for()
    {
        LiveSession session = Session();
        Assert.StartsWith("Somebody of leads must be watching", session.Context.Awaited, StringComparison.Ordinal);
        Task awaited = session.Context.WhileSuspendedAsync(CancellationToken.None, whileAwaited: true).AsTask();
        Task suspended = session.Context.WhileSuspendedAsync(CancellationToken.None).AsTask();
        session.Suspend(SuspensionCause.Frozen, "session/frozen", "frozen");
        await awaited.WaitAsync(TimeSpan.FromSeconds(20));
        Assert.Null(session.Context.Awaited);
        Assert.False(suspended.IsCompleted);
        using IDisposable watching = session.Watch(Person("lea", ["leads"]));
        session.Lift(SuspensionCause.Frozen);
        await suspended.WaitAsync(TimeSpan.FromSeconds(20));
        Assert.Null(session.Context.Awaited);
    }

    [Fact]
    public void Without_the_demand_nobody_needs_to_watch()
    {
        _policy.Limits = SessionLimits.None;
        LiveSession session = Session();
        Assert.False(session.Context.IsSuspended);
        session.Moderate();
        Assert.Equal("live", session.State);
    }

    private LiveSession Session()
    {
        SessionFacts facts = AdminHouse.Facts("carol", Guid.NewGuid());
        return new LiveSession(new SessionContext(facts, _policy, new Unrecorded(), TimeProvider.System), new Control());
    }

    private static Contract.Identity Person(string subject, string[] groups) =>
        new() { Subject = subject, Issuer = "https://issuer.example", Groups = [.. groups], ExpiresAt = DateTimeOffset.MaxValue };

    private sealed class Control : ISessionControl
    {
        public long LastActivity => 0;

        public void End(string reason, string message)
        {
        }
    }
}
