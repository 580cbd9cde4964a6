using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage.ValueConversion;
using Sallyport.Proxy.Store.Entities;

namespace Sallyport.Proxy.Store;

/// <summary>The tables. One model for both databases; each has its own migrations, hence its own derived class.</summary>
internal abstract class StateContext(DbContextOptions options) : DbContext(options)
{
    public DbSet<UserRow> Users => Set<UserRow>();

    public DbSet<MembershipRow> Memberships => Set<MembershipRow>();

    public DbSet<AgentRow> Agents => Set<AgentRow>();

    public DbSet<LoginSessionRow> LoginSessions => Set<LoginSessionRow>();

    public DbSet<LogoutSubscriptionRow> LogoutSubscriptions => Set<LogoutSubscriptionRow>();

    public DbSet<ApiTokenRow> ApiTokens => Set<ApiTokenRow>();

    public DbSet<IssuedPasswordRow> IssuedPasswords => Set<IssuedPasswordRow>();

    public DbSet<OneTimeRow> OneTimes => Set<OneTimeRow>();

    public DbSet<RevocationRow> Revocations => Set<RevocationRow>();

    public DbSet<SigningKeyRow> SigningKeys => Set<SigningKeyRow>();

    public DbSet<DataKeyRow> DataKeys => Set<DataKeyRow>();

    public DbSet<ApprovalRow> Approvals => Set<ApprovalRow>();

    public DbSet<ApprovalDecisionRow> ApprovalDecisions => Set<ApprovalDecisionRow>();

    public DbSet<GrantRow> Grants => Set<GrantRow>();

    public DbSet<DeliveryRow> Deliveries => Set<DeliveryRow>();

    public DbSet<NodeRow> Nodes => Set<NodeRow>();

    public DbSet<SessionRow> Sessions => Set<SessionRow>();

    public DbSet<ClusterEventRow> ClusterEvents => Set<ClusterEventRow>();

    public DbSet<PolicyVersionRow> PolicyVersions => Set<PolicyVersionRow>();

    public DbSet<TargetRow> Targets => Set<TargetRow>();

    public DbSet<PersonKeyRow> PersonKeys => Set<PersonKeyRow>();

    public DbSet<HostPinRow> HostPins => Set<HostPinRow>();

    public DbSet<AuditRow> Audit => Set<AuditRow>();

    protected override void ConfigureConventions(ModelConfigurationBuilder configuration)
    {
        // SQLite has no type that sorts moments with offsets; a number of milliseconds sorts the same in both databases.
        configuration.Properties<DateTimeOffset>().HaveConversion<UnixMilliseconds>();
        configuration.Properties<TimeSpan>().HaveConversion<long>();
    }

    protected override void OnModelCreating(ModelBuilder model)
    {
        model.UseOpenIddict();
        model.Entity<UserRow>(e =>
        {
            e.ToTable("users").HasIndex(u => u.Subject).IsUnique();
            e.HasIndex(u => new { u.Provider, u.ProviderSubject }).IsUnique();
        });
        model.Entity<MembershipRow>().ToTable("memberships").HasIndex(m => new { m.Subject, m.Group, m.Source, m.ApprovalId }).IsUnique();
        model.Entity<AgentRow>().ToTable("agents").HasIndex(a => a.Name).IsUnique();
        model.Entity<LoginSessionRow>(e =>
        {
            e.ToTable("login_sessions").HasIndex(s => s.Subject);
            e.HasIndex(s => new { s.Provider, s.ProviderSession });
        });
        model.Entity<LogoutSubscriptionRow>().ToTable("logout_subscriptions").HasIndex(s => s.LoginSessionId);
        model.Entity<ApiTokenRow>().ToTable("api_tokens").HasIndex(t => t.Hash).IsUnique();
        model.Entity<IssuedPasswordRow>(e =>
        {
            e.ToTable("issued_passwords").HasIndex(p => p.UserName).IsUnique();
            e.HasIndex(p => p.Subject);
        });
        model.Entity<OneTimeRow>(e =>
        {
            e.ToTable("one_times").HasKey(o => o.Key);
            e.HasIndex(o => o.ExpiresAt);
        });
        model.Entity<RevocationRow>().ToTable("revocations").HasIndex(r => r.ExpiresAt);
        model.Entity<SigningKeyRow>().ToTable("signing_keys");
        model.Entity<DataKeyRow>().ToTable("data_keys").Property(k => k.Id).ValueGeneratedNever();
        model.Entity<ApprovalRow>(e =>
        {
            e.ToTable("approvals").HasIndex(a => new { a.Status, a.CreatedAt });
            e.HasIndex(a => a.SessionId);
            e.HasIndex(a => new { a.Status, a.ExpiresAt });
            e.HasIndex(a => new { a.Node, a.Status });
            e.HasIndex(a => new { a.Subject, a.Status, a.CreatedAt });
            e.HasIndex(a => new { a.ActionDigest, a.CreatedAt });
            e.HasIndex(a => new { a.BreakGlass, a.ReviewedAt });
            e.HasIndex(a => a.GrantId);
        });
        model.Entity<ApprovalDecisionRow>().ToTable("approval_decisions").HasIndex(d => new { d.ApprovalId, d.Issuer, d.Subject }).IsUnique();
        model.Entity<GrantRow>(e =>
        {
            e.ToTable("grants").HasIndex(g => new { g.Subject, g.EndsAt });
            e.HasIndex(g => new { g.ClosedAt, g.EndsAt });
        });
        model.Entity<DeliveryRow>().ToTable("deliveries").HasIndex(d => new { d.Webhook, d.DoneAt, d.NextAt });
        model.Entity<NodeRow>().ToTable("nodes").HasKey(n => n.Name);
        model.Entity<SessionRow>().ToTable("sessions").HasIndex(s => s.Node);
        model.Entity<ClusterEventRow>().ToTable("cluster_events").HasKey(e => e.Sequence);
        model.Entity<PolicyVersionRow>().ToTable("policy_versions").HasIndex(p => new { p.Name, p.Version }).IsUnique();
        model.Entity<TargetRow>().ToTable("targets").HasKey(t => t.Name);
        model.Entity<PersonKeyRow>(e =>
        {
            e.ToTable("person_keys").HasIndex(k => k.Fingerprint).IsUnique();
            e.HasIndex(k => k.Subject);
        });
        model.Entity<HostPinRow>().ToTable("host_pins").HasIndex(p => new { p.Hop, p.Address, p.Fingerprint }).IsUnique();
        model.Entity<AuditRow>(e =>
        {
            e.ToTable("audit").HasKey(a => a.Sequence);
            e.HasIndex(a => a.Id).IsUnique();
            e.HasIndex(a => a.At);
            e.HasIndex(a => new { a.Type, a.At });
        });
    }

    private sealed class UnixMilliseconds() : ValueConverter<DateTimeOffset, long>(t => t.ToUnixTimeMilliseconds(), m => DateTimeOffset.FromUnixTimeMilliseconds(m));
}

/// <summary>On SQLite.</summary>
internal sealed class SqliteStateContext(DbContextOptions<SqliteStateContext> options) : StateContext(options);

/// <summary>On PostgreSQL.</summary>
internal sealed class PostgresStateContext(DbContextOptions<PostgresStateContext> options) : StateContext(options);
