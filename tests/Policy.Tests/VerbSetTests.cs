using CsCheck;
using Sallyport.Contract;
using Sallyport.Policy.Matching;
using Xunit;

namespace Sallyport.Policy.Tests;

public sealed class VerbSetTests
{
    [Fact]
    public void The_default_set_is_empty()
    {
        Assert.True(default(VerbSet).IsEmpty);
        for (int verb = 0; verb <= byte.MaxValue; verb++)
            Assert.False(default(VerbSet).Contains((Verb)verb));
    }

    [Fact]
    public void All_holds_every_number_a_verb_may_ever_have()
    {
        Assert.False(VerbSet.All.IsEmpty);
        for (int verb = 0; verb <= byte.MaxValue; verb++)
            Assert.True(VerbSet.All.Contains((Verb)verb));
    }

    [Fact]
    public void With_one_verb_holds_that_verb_and_no_other()
    {
        for (int one = 0; one <= byte.MaxValue; one++)
        {
            VerbSet set = default(VerbSet).With((Verb)one);
            Assert.False(set.IsEmpty);
            for (int verb = 0; verb <= byte.MaxValue; verb++)
                Assert.Equal(verb == one, set.Contains((Verb)verb));
        }
    }

    [Fact]
    public void It_holds_what_a_hash_set_would_hold() =>
        Gen.Byte.Array[0, 40].Sample(verbs =>
        {
            VerbSet set = default;
            foreach (byte verb in verbs)
                set = set.With((Verb)verb);
            var naive = verbs.ToHashSet();
            for (int verb = 0; verb <= byte.MaxValue; verb++)
                Assert.Equal(naive.Contains((byte)verb), set.Contains((Verb)verb));
        });

    [Fact]
    public void Sets_of_the_same_verbs_are_equal_whatever_the_order()
    {
        VerbSet a = default(VerbSet).With(Verb.Select).With(Verb.Cancel).With(Verb.Select);
        VerbSet b = default(VerbSet).With(Verb.Cancel).With(Verb.Select);
        Assert.Equal(a, b);
        Assert.NotEqual(a, b.With(Verb.Drop));
    }
}
