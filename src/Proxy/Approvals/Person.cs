using Microsoft.EntityFrameworkCore;
using Sallyport.Proxy.Identity.Revocations;
using Sallyport.Proxy.Store;
using Sallyport.Proxy.Store.Entities;

namespace Sallyport.Proxy.Approvals;

/// <summary>
/// A human being, as far as it can be known: every name, account and e-mail address that belongs to a subject. Two subjects that share one of them
/// are taken for one person, so that nobody approves their own request, or counts twice, by a second account.
/// <para>
/// It errs on the safe side: the same name at two issuers is one person here. Its limit: two accounts that share neither name nor e-mail address
/// cannot be known to be one person's.
/// </para>
/// </summary>
internal sealed class Person
{
    private readonly HashSet<string> _marks;

    private Person(HashSet<string> marks) => _marks = marks;

    /// <summary>True when the account is kept here and has been disabled.</summary>
    public bool Disabled { get; private init; }

    public bool IsSameAs(Person other) => _marks.Overlaps(other._marks);

    /// <summary>
    /// True for an API token or an issued password: an administrator makes the former in anybody's name, and would be every approver that they need.
    /// </summary>
    public static bool IsStandIn(Contract.Identity identity) =>
        identity.TokenId is { } id && (id.StartsWith(RevocationKinds.ApiTokenPrefix, StringComparison.Ordinal) || id.StartsWith(RevocationKinds.IssuedPrefix, StringComparison.Ordinal));

    /// <summary>Looks up who a subject is.</summary>
    public static async Task<Person> FindAsync(StateContext db, string subject, CancellationToken cancel)
    {
        var marks = new HashSet<string>(StringComparer.Ordinal);
        Mark(marks, subject);
        string lower = subject.ToLowerInvariant();
        List<UserRow> accounts = await db.Users.AsNoTracking()
            .Where(u => u.Subject == subject || u.ProviderSubject == subject || u.Subject.ToLower() == lower || u.Email!.ToLower() == lower)
            .ToListAsync(cancel).ConfigureAwait(false);
        string[] addresses = [.. accounts.Select(a => Fold(a.Email)).OfType<string>().Distinct(StringComparer.Ordinal)];
        if (addresses.Length > 0)
        {
            accounts.AddRange(await db.Users.AsNoTracking()
                .Where(u => addresses.Contains(u.Email!.ToLower()) || addresses.Contains(u.Subject.ToLower()))
                .ToListAsync(cancel).ConfigureAwait(false));
        }

        foreach (UserRow account in accounts)
        {
            Mark(marks, account.Subject);
            Mark(marks, account.ProviderSubject);
            Mark(marks, account.Email);
            marks.Add("account " + account.Id);
        }

        return new Person(marks) { Disabled = accounts.Any(a => a.Subject == subject && a.Disabled) };
    }

    /// <summary>
    /// Everyone who answers for a request: the subject, all it acts for, and, when the one at the end of that chain is an agent or a service that is
    /// registered here, its owner.
    /// </summary>
    public static async Task<IReadOnlyList<Person>> RequestersAsync(StateContext db, string subject, IReadOnlyList<string> actingFor, CancellationToken cancel)
    {
        List<string> names = [subject, .. actingFor];
        string last = names[^1];
        string? owner = await db.Agents.AsNoTracking().Where(a => a.Name == last).Select(a => a.Owner).SingleOrDefaultAsync(cancel).ConfigureAwait(false);
        if (owner is not null)
            names.Add(owner);
        var persons = new List<Person>(names.Count);
        foreach (string name in names.Distinct(StringComparer.Ordinal))
            persons.Add(await FindAsync(db, name, cancel).ConfigureAwait(false));
        return persons;
    }

    private static void Mark(HashSet<string> marks, string? name)
    {
        if (Fold(name) is { } folded)
            marks.Add(folded);
    }

    private static string? Fold(string? name) => string.IsNullOrWhiteSpace(name) ? null : name.Trim().ToLowerInvariant();
}
