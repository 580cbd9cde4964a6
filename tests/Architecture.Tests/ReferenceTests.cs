using System.Reflection;
using Xunit;

namespace Sallyport.Architecture.Tests;

/// <summary>References point one way: Contract ← Protocols | Policy | Recording ← Proxy, and Contract, Recording, Protocols ← Replay.</summary>
public sealed class ReferenceTests
{
    private static readonly string[] NoRoom = [];

    /// <summary>What each room may reference. A room that is not here fails the test until someone has thought about it.</summary>
    private static string[] Allowed(string room) => room switch
    {
        "src/Contract" => NoRoom,
        "src/Policy" or "src/Recording" => ["src/Contract"],
        "src/Protocols/Wire" => ["src/Contract"],
        _ when room.StartsWith("src/Protocols/", StringComparison.Ordinal) => ["src/Contract", "src/Protocols/Wire"],
        "src/Replay" => ["src/Contract", "src/Recording", "src/Protocols/*"],
        "src/Proxy" => ["src/Contract", "src/Policy", "src/Recording", "src/Protocols/*", "src/Console"],
        "src/Console" => ["src/Contract"],
        _ => throw new InvalidOperationException($"{room}: say here what it may reference."),
    };

    public static TheoryData<string> Rooms => [.. Tree.Projects.Where(p => p.StartsWith("src/", StringComparison.Ordinal))];

    [Theory]
    [MemberData(nameof(Rooms))]
    public void A_room_references_only_rooms_below_it(string project)
    {
        string[] allowed = Allowed(Tree.Folder(project));
        Assert.All(Tree.References(project), reference =>
            Assert.True(allowed.Any(a => Matches(a, reference)), $"{project} must not reference {reference}."));
    }

    [Theory]
    [MemberData(nameof(Rooms))]
    public void Nothing_under_src_references_tests_benchmarks_or_fuzzing(string project) =>
        Assert.All(Tree.References(project), reference => Assert.StartsWith("src/", reference));

    [Theory]
    [MemberData(nameof(Rooms))]
    public void A_room_names_no_room_it_does_not_reference(string project)
    {
        // What a compiled assembly references, directly: catches a name that came in through a transitive reference.
        string room = Tree.Folder(project);
        string[] allowed = Allowed(room);
        Assembly built = Assembly.Load(AssemblyName(room));
        foreach (AssemblyName reference in built.GetReferencedAssemblies())
        {
            if (!reference.Name!.StartsWith("Sallyport.", StringComparison.Ordinal))
                continue;
            string other = "src/" + reference.Name["Sallyport.".Length..].Replace('.', '/');
            Assert.True(allowed.Any(a => Matches(a, other)), $"{room} must not name {other}.");
        }
    }

    [Fact]
    public void Contract_references_nothing_and_has_no_packages()
    {
        const string Contract = "src/Contract/Contract.csproj";
        Assert.Empty(Tree.References(Contract));
        Assert.Empty(Tree.Packages(Contract));
    }

    [Fact]
    public void Policy_and_recording_name_no_protocol()
    {
        foreach (string source in Tree.Sources.Where(f => f.StartsWith("src/Policy/", StringComparison.Ordinal) || f.StartsWith("src/Recording/", StringComparison.Ordinal)))
            Assert.DoesNotContain("Sallyport.Protocols", Tree.Read(source), StringComparison.Ordinal);
    }

    private static bool Matches(string allowed, string reference) =>
        allowed.EndsWith("/*", StringComparison.Ordinal) ? reference.StartsWith(allowed[..^1], StringComparison.Ordinal) : allowed == reference;

    private static string AssemblyName(string room) => room switch
    {
        "src/Proxy" => "sallyport",
        "src/Replay" => "sallyport-replay",
        _ => "Sallyport." + room["src/".Length..].Replace('/', '.'),
    };
}
