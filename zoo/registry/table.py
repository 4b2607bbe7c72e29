"""The table of models: name, class, paper, and the settings that the row changes."""

from zoo.registry.row import Row

_AUTOENCODERS = "zoo.autoencoders"
_GANS = "zoo.gans"
_HYBRIDS = "zoo.hybrids"
_SHARP = {"likelihood": "gaussian", "stddev": 0.2}
"""Reconstructions that weigh more in the bound."""

TABLE: dict[str, Row] = {
    "shallow_autoencoder": Row(
        f"{_AUTOENCODERS}.shallow_autoencoder:ShallowAutoencoder",
        "Rumelhart, Hinton & Williams 1986, Nature 323",
        "one hidden layer, weight penalties",
    ),
    "deep_autoencoder": Row(
        f"{_AUTOENCODERS}.deep_autoencoder:DeepAutoencoder",
        "Hinton & Salakhutdinov 2006, Science 313",
        "several hidden layers, widths by list",
    ),
    "conv_autoencoder": Row(
        f"{_AUTOENCODERS}.conv_autoencoder:ConvAutoencoder",
        "Masci et al. 2011, ICANN",
        "convolution and max-pooling, a map as code",
    ),
    "denoising_autoencoder": Row(
        f"{_AUTOENCODERS}.denoising_autoencoder:DenoisingAutoencoder",
        "Vincent et al. 2008, ICML",
        "clean data from noisy data",
    ),
    "sparse_autoencoder": Row(
        f"{_AUTOENCODERS}.sparse_autoencoder:SparseAutoencoder",
        "Ng 2011, CS294A lecture notes",
        "units that are seldom active",
        small={"latent_dim": 100},
    ),
    "k_sparse_autoencoder": Row(
        f"{_AUTOENCODERS}.sparse_autoencoder:KSparseAutoencoder",
        "Makhzani & Frey 2013, arXiv:1312.5663",
        "the k largest entries of a code",
    ),
    "contractive_autoencoder": Row(
        f"{_AUTOENCODERS}.contractive_autoencoder:ContractiveAutoencoder",
        "Rifai et al. 2011, ICML",
        "a penalty on the encoder's Jacobian",
    ),
    "attention_autoencoder": Row(
        f"{_AUTOENCODERS}.attention_autoencoder:AttentionAutoencoder",
        "Vaswani et al. 2017, arXiv:1706.03762",
        "self-attention between patches or time steps",
    ),
    "masked_autoencoder": Row(
        f"{_AUTOENCODERS}.masked_autoencoder:MaskedAutoencoder",
        "He et al. 2021, arXiv:2111.06377",
        "a quarter of the patches seen, the others made",
        # A quarter of sixteen patches says little.
        small={"mask_ratio": 0.5},
    ),
    "vae": Row(
        f"{_AUTOENCODERS}.vae:VAE",
        "Kingma & Welling 2013, arXiv:1312.6114",
        "evidence lower bound, reparameterised",
    ),
    "beta_vae": Row(
        f"{_AUTOENCODERS}.vae:VAE",
        "Higgins et al. 2017, ICLR",
        "the divergence weighs more",
        {"beta": 4.0},
        small=_SHARP,
    ),
    "annealed_vae": Row(
        f"{_AUTOENCODERS}.annealed_vae:AnnealedVAE",
        "Burgess et al. 2018, arXiv:1804.03599",
        "a divergence held at a growing capacity",
        small={"gamma": 10.0, "capacity_steps": 1000, "capacity": 8.0, **_SHARP},
    ),
    "conditional_vae": Row(
        f"{_AUTOENCODERS}.conditional_vae:ConditionalVAE",
        "Sohn et al. 2015, NeurIPS",
        "labels into encoder and decoder",
    ),
    "iwae": Row(
        f"{_AUTOENCODERS}.iwae:IWAE",
        "Burda et al. 2015, arXiv:1509.00519",
        "a tighter bound, from K latents",
    ),
    "wae_mmd": Row(
        f"{_AUTOENCODERS}.wae_mmd:WAEMMD",
        "Tolstikhin et al. 2017, arXiv:1711.01558",
        "no noise; all codes together match the prior",
    ),
    "info_vae": Row(
        f"{_AUTOENCODERS}.info_vae:InfoVAE",
        "Zhao et al. 2017, arXiv:1706.02262",
        "all latents together match the prior",
        # The default weighs beside a sum over hundreds of features.
        small={"mmd_weight": 50.0, "latent_dim": 8},
    ),
    "beta_tc_vae": Row(
        f"{_AUTOENCODERS}.beta_tc_vae:BetaTCVAE",
        "Chen et al. 2018, arXiv:1802.04942",
        "total correlation, by minibatch weights",
        small=_SHARP,
    ),
    "factor_vae": Row(
        f"{_AUTOENCODERS}.factor_vae:FactorVAE",
        "Kim & Mnih 2018, arXiv:1802.05983",
        "total correlation, by a discriminator",
    ),
    "vamp_vae": Row(
        f"{_AUTOENCODERS}.vamp_vae:VampVAE",
        "Tomczak & Welling 2017, arXiv:1705.07120",
        "a prior of learned pseudo-inputs",
    ),
    "rae_l2": Row(
        f"{_AUTOENCODERS}.rae:RAEL2",
        "Ghosh et al. 2019, arXiv:1903.12436",
        "no noise; weight decay of the decoder",
    ),
    "rae_gp": Row(
        f"{_AUTOENCODERS}.rae:RAEGP",
        "Ghosh et al. 2019, arXiv:1903.12436",
        "no noise; a penalty on the decoder's slope",
    ),
    "planar_flow_vae": Row(
        f"{_AUTOENCODERS}.planar_flow_vae:PlanarFlowVAE",
        "Rezende & Mohamed 2015, arXiv:1505.05770",
        "a posterior bent by planar flows",
    ),
    "iaf_vae": Row(
        f"{_AUTOENCODERS}.iaf_vae:IAFVAE",
        "Kingma et al. 2016, arXiv:1606.04934",
        "a posterior moved by autoregressive maps",
    ),
    "hierarchical_vae": Row(
        f"{_AUTOENCODERS}.hierarchical_vae:HierarchicalVAE",
        "Sønderby et al. 2016, arXiv:1602.02282",
        "levels of latents, merged by precision",
        small={"warm_up": 500},
    ),
    "semi_supervised_vae": Row(
        f"{_AUTOENCODERS}.semi_supervised_vae:SemiSupervisedVAE",
        "Kingma et al. 2014, arXiv:1406.5298",
        "few labels; the others are summed over",
    ),
    "vq_vae": Row(
        f"{_AUTOENCODERS}.vq_vae:VQVAE",
        "van den Oord et al. 2017, arXiv:1711.00937",
        "discrete codes, codebook by moving averages",
    ),
    "vq_vae_2": Row(
        f"{_AUTOENCODERS}.vq_vae_2:VQVAE2",
        "Razavi et al. 2019, arXiv:1906.00446",
        "discrete codes of two sizes",
    ),
    "rq_vae": Row(
        f"{_AUTOENCODERS}.vq_vae:VQVAE",
        "Lee et al. 2022, arXiv:2203.01941",
        "several indices for each vector, coarse to fine",
        {"quantizer": "residual"},
    ),
    "fsq_vae": Row(
        f"{_AUTOENCODERS}.vq_vae:VQVAE",
        "Mentzer et al. 2023, arXiv:2309.15505",
        "numbers rounded to levels, no codebook",
        {"quantizer": "finite_scalar"},
    ),
    "text_vae": Row(
        f"{_AUTOENCODERS}.text_vae:TextVAE",
        "Bowman et al. 2015, arXiv:1511.06349",
        "text; words are dropped, the divergence annealed",
    ),
    "table_vae": Row(
        f"{_AUTOENCODERS}.table_vae:TableVAE",
        "Xu et al. 2019, arXiv:1907.00503",
        "tables of numbers and categories",
    ),
    "gan": Row(
        f"{_GANS}.gan:GAN",
        "Goodfellow et al. 2014, arXiv:1406.2661",
        "the game, minimax or non-saturating",
    ),
    "dcgan": Row(
        f"{_GANS}.dcgan:DCGAN",
        "Radford et al. 2015, arXiv:1511.06434",
        "the convolutional recipe",
    ),
    "lsgan": Row(
        f"{_GANS}.lsgan:LSGAN",
        "Mao et al. 2016, arXiv:1611.04076",
        "squared distances to labels",
    ),
    "wgan": Row(
        f"{_GANS}.wgan:WGAN",
        "Arjovsky et al. 2017, arXiv:1701.07875",
        "Wasserstein distance, clipped weights",
    ),
    "wgan_gp": Row(
        f"{_GANS}.wgan_gp:WGANGP",
        "Gulrajani et al. 2017, arXiv:1704.00028",
        "Wasserstein distance, gradient penalty",
    ),
    "sngan": Row(
        f"{_GANS}.sngan:SNGAN",
        "Miyato et al. 2018, arXiv:1802.05957",
        "spectral normalization, hinge loss",
    ),
    "sagan": Row(
        f"{_GANS}.sagan:SAGAN",
        "Zhang et al. 2018, arXiv:1805.08318",
        "self-attention, two time scales",
    ),
    "biggan": Row(
        f"{_GANS}.biggan:BigGAN",
        "Brock et al. 2018, arXiv:1809.11096",
        "noise and a shared embedding into every block, orthogonal regularization",
    ),
    "relativistic_gan": Row(
        f"{_GANS}.relativistic_gan:RelativisticGAN",
        "Jolicoeur-Martineau 2018, arXiv:1807.00734",
        "data against the mean sample, and the reverse",
    ),
    "dragan": Row(
        f"{_GANS}.dragan:DRAGAN",
        "Kodali et al. 2017, arXiv:1705.07215",
        "a penalty on slopes around the data",
    ),
    "r1_gan": Row(
        f"{_GANS}.r1_gan:R1GAN",
        "Mescheder et al. 2018, arXiv:1801.04406",
        "a penalty on slopes at the data",
    ),
    "r3gan": Row(
        f"{_GANS}.r3gan:R3GAN",
        "Huang et al. 2025, arXiv:2501.05441",
        "relativistic pairs, penalties at data and samples",
    ),
    "stylegan2": Row(
        f"{_GANS}.stylegan2:StyleGAN2",
        "Karras et al. 2019, arXiv:1912.04958",
        "styles scale every layer; lazy penalties on slopes and path lengths",
    ),
    "fast_gan": Row(
        f"{_GANS}.fast_gan:FastGAN",
        "Liu et al. 2021, arXiv:2101.04775",
        "small maps excite large ones; the discriminator rebuilds what it sees",
    ),
    "pac_gan": Row(
        f"{_GANS}.pac_gan:PacGAN",
        "Lin et al. 2017, arXiv:1712.04086",
        "a discriminator of several samples at once",
    ),
    "table_gan": Row(
        f"{_GANS}.table_gan:TableGAN",
        "Xu et al. 2019, arXiv:1907.00503",
        "tables; numbers by their modes, a category as condition",
    ),
    "cgan": Row(
        f"{_GANS}.cgan:CGAN",
        "Mirza & Osindero 2014, arXiv:1411.1784",
        "labels into both networks",
    ),
    "acgan": Row(
        f"{_GANS}.acgan:ACGAN",
        "Odena et al. 2016, arXiv:1610.09585",
        "a discriminator that also tells the class",
    ),
    "infogan": Row(
        f"{_GANS}.infogan:InfoGAN",
        "Chen et al. 2016, arXiv:1606.03657",
        "codes that can be read off the samples",
        # At 1 they outweigh the game of small networks.
        small={"category_weight": 0.1, "factor_weight": 0.1},
    ),
    "projection_gan": Row(
        f"{_GANS}.projection_gan:ProjectionGAN",
        "Miyato & Koyama 2018, arXiv:1802.05637",
        "labels by a product with features",
    ),
    "pix2pix": Row(
        f"{_GANS}.pix2pix:Pix2Pix",
        "Isola et al. 2016, arXiv:1611.07004",
        "data into their targets, pairs of which are judged by patches",
    ),
    "cyclegan": Row(
        f"{_GANS}.cyclegan:CycleGAN",
        "Zhu et al. 2017, arXiv:1703.10593",
        "two domains into each other and back, without pairs",
        small={
            "network_options": {"width": 16, "translator.blocks": 2, "back_translator.blocks": 2}
        },
    ),
    "stargan": Row(
        f"{_GANS}.stargan:StarGAN",
        "Choi et al. 2017, arXiv:1711.09020",
        "one translator into any of several classes and back",
        small={
            "network_options": {"width": 16, "translator.blocks": 2, "discriminator.width": 32},
            "discriminator_steps": 2,
        },
    ),
    "srgan": Row(
        f"{_GANS}.srgan:SRGAN",
        "Ledig et al. 2016, arXiv:1609.04802",
        "small images into large ones, first by their error, then by the game too",
    ),
    "vae_gan": Row(
        f"{_HYBRIDS}.vae_gan:VAEGAN",
        "Larsen et al. 2015, arXiv:1512.09300",
        "reconstruction in the discriminator's features",
    ),
    "code_gan": Row(
        f"{_HYBRIDS}.code_gan:CodeGAN",
        "original to this package",
        "the generator reads codes of a trained autoencoder",
        small={"pretraining_steps": 600},
    ),
    "fusion_gan": Row(
        f"{_HYBRIDS}.fusion_gan:FusionGAN",
        "original to this package",
        "the encoder is the discriminator's trunk, the decoder the generator",
    ),
    "augmented_gan": Row(
        f"{_HYBRIDS}.augmented_gan:AugmentedGAN",
        "original to this package",
        "any GAN, its data augmented in an autoencoder's codes",
        small={
            "pretraining_steps": 600,
            "autoencoder_options": {**_SHARP, "latent_dim": 16, "network_options": {"width": 32}},
            "gan_options": {
                "learning_rate": 1e-3,
                "latent_dim": 16,
                "network_options": {"width": 32},
            },
        },
    ),
    "adversarial_autoencoder": Row(
        f"{_HYBRIDS}.adversarial_autoencoder:AdversarialAutoencoder",
        "Makhzani et al. 2015, arXiv:1511.05644",
        "codes that pass for draws of the prior",
    ),
    "clustering_aae": Row(
        f"{_HYBRIDS}.categorical_aae:ClusteringAAE",
        "Makhzani et al. 2015, arXiv:1511.05644",
        "a category and a style, without labels",
    ),
    "semi_supervised_aae": Row(
        f"{_HYBRIDS}.categorical_aae:SemiSupervisedAAE",
        "Makhzani et al. 2015, arXiv:1511.05644",
        "a class, of which few are known, and a style",
    ),
    "bigan": Row(
        f"{_HYBRIDS}.bigan:BiGAN",
        "Donahue et al. 2016, arXiv:1605.09782",
        "a discriminator of pairs of data and latents",
    ),
    "ali": Row(
        f"{_HYBRIDS}.ali:ALI",
        "Dumoulin et al. 2016, arXiv:1606.00704",
        "pairs, with a posterior that is drawn from",
    ),
    "ebgan": Row(
        f"{_HYBRIDS}.ebgan:EBGAN",
        "Zhao et al. 2016, arXiv:1609.03126",
        "the discriminator is an autoencoder, up to a margin",
    ),
    "began": Row(
        f"{_HYBRIDS}.began:BEGAN",
        "Berthelot et al. 2017, arXiv:1703.10717",
        "the discriminator is an autoencoder, in equilibrium",
    ),
    "soft_intro_vae": Row(
        f"{_HYBRIDS}.soft_intro_vae:SoftIntroVAE",
        "Daniel & Tamar 2020, arXiv:2012.13253",
        "the encoder is the critic",
    ),
    "autoencoder_kl": Row(
        f"{_HYBRIDS}.autoencoder_kl:AutoencoderKL",
        "Rombach et al. 2021, arXiv:2112.10752",
        "a map as code, patches judged, features compared",
    ),
    "vqgan": Row(
        f"{_HYBRIDS}.vqgan:VQGAN",
        "Esser et al. 2020, arXiv:2012.09841",
        "discrete codes, patches judged, features compared",
    ),
    "context_encoder": Row(
        f"{_HYBRIDS}.context_encoder:ContextEncoder",
        "Pathak et al. 2016, arXiv:1604.07379",
        "fills a hole from what is around it",
    ),
    "f_anogan": Row(
        f"{_HYBRIDS}.f_anogan:FAnoGAN",
        "Schlegl et al. 2019, Medical Image Analysis 54",
        "anomalies, by inverting a GAN",
        small={"gan_steps": 1000},
    ),
}
