using System.Net;
using CsCheck;

namespace Sallyport.Contract.Tests;

public sealed class ValueTests
{
    [Fact]
    public void A_verdict_nobody_made_is_a_denial()
    {
        Verdict verdict = default;
        Assert.Equal(VerdictKind.Deny, verdict.Kind);
        Assert.Null(verdict.Masks);
    }

    [Fact]
    public void An_object_without_qualifier_is_its_name()
    {
        var whole = new ObjectRef(Verb.Select, ObjectFlags.None, 2, 9, 0);
        Assert.Equal("customers"u8, whole.Name("..customers.."u8));
        Assert.True(whole.Qualifier("..customers.."u8).IsEmpty);
    }

    [Fact]
    public void An_effect_on_no_object_has_an_empty_name()
    {
        var none = new ObjectRef(Verb.Explain, ObjectFlags.None, 4, 0, 0);
        Assert.True(none.Name("some"u8).IsEmpty);
        Assert.True(none.Qualifier("some"u8).IsEmpty);
    }

    [Fact]
    public void Qualifier_and_name_are_cut_at_the_dot_that_was_counted_not_at_the_first()
    {
        // "a.b"."c.d" normalises to a.b.c.d with a qualifier of three bytes.
        var dotted = new ObjectRef(Verb.Select, ObjectFlags.None, 1, 7, 3);
        Assert.Equal("a.b"u8, dotted.Qualifier("/a.b.c.d/"u8));
        Assert.Equal("c.d"u8, dotted.Name("/a.b.c.d/"u8));
    }

    [Fact]
    public void Slicing_gives_back_what_was_joined() =>
        Gen.Select(Gen.Byte.Array[0, 5], Gen.Byte.Array[0, 5], Gen.Byte.Array[1, 5], Gen.Byte.Array[0, 5]).Sample((before, qualifier, name, after) =>
        {
            byte[] whole = qualifier.Length == 0 ? name : [.. qualifier, (byte)'.', .. name];
            byte[] arena = [.. before, .. whole, .. after];
            var o = new ObjectRef(Verb.Select, ObjectFlags.None, before.Length, whole.Length, qualifier.Length);
            return o.Qualifier(arena).SequenceEqual(qualifier) && o.Name(arena).SequenceEqual(name);
        });

    [Fact]
    public void Secrets_are_not_part_of_what_is_printed()
    {
        Assert.DoesNotContain("hunter2", new LoginProof("hunter2", "bob", new IPEndPoint(IPAddress.Loopback, 1)).ToString());
        Assert.DoesNotContain("hunter2", new TargetCredential("app", "hunter2").ToString());
    }

    [Fact]
    public void Only_an_end_that_both_wanted_is_clean()
    {
        Assert.True(new SessionEnd(SessionSide.Client, SessionStage.Ready, "closed").IsClean);
        Assert.False(new SessionEnd(SessionSide.Client, SessionStage.Ready, "closed-without-terminate").IsClean);
    }
}
